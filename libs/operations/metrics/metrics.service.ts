import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, register, Registry } from 'prom-client';

import { Database, preferIndexes } from '#database';
import { EventDelay } from '#events';
import { Nudges } from '#queue';

import { countClusters, exposeClusters, readClusters } from './cluster-figures.js';
import { Exposition } from './exposition.js';
import { exposeLedger, readLedger } from './ledger-figures.js';
import { exposePasses, readPasses } from './pass-figures.js';
import { exposeStorage } from './storage-figures.js';
import { StorageWatch } from '../storage/storage-watch.js';

/** Concurrent scrapes share one read of the database. */
@Injectable()
export class MetricsService {
  private readonly process = new Registry();
  private underway: Promise<string> | null = null;

  constructor(
    private readonly database: Database,
    private readonly nudges: Nudges,
    private readonly eventDelay: EventDelay,
    private readonly storage: StorageWatch,
  ) {
    collectDefaultMetrics({ register: this.process });
  }

  /**
   * All figures, in the text format of Prometheus. Those of clusters, queues, passes and the ledger are read from PostgreSQL: every
   * process answers the same, and none keeps anything. Without PostgreSQL, the figures of this process remain.
   */
  async scrape(): Promise<string> {
    this.underway ??= this.read().finally(() => (this.underway = null));
    return this.underway;
  }

  private async read(): Promise<string> {
    const to = new Exposition();
    // In parallel: both wait for a server.
    const [stored, depths] = await Promise.all([this.readStored(to).catch(() => false), this.nudges.depths()]);
    to.gauge('stowage_database_up', 'Whether this process could read the figures in PostgreSQL.', Number(stored));
    to.gauge('stowage_redis_up', 'Whether Redis answered this process.', Number(depths !== null));
    to.gauge(
      'stowage_nudges',
      'Jobs in the queue by which workers are woken, by state.',
      Object.entries(depths ?? {}).map(([state, value]) => ({ labels: { state }, value })),
    );
    to.gauge(
      'stowage_events_delay_seconds',
      'Age of the open transaction that delays events; 0 when none does.',
      this.eventDelay.current()?.seconds ?? 0,
    );
    exposeStorage(to, this.storage);
    const pool = await this.database.poolUse();
    to.gauge(
      'stowage_database_connections',
      'Connections of this process to PostgreSQL, and callers that wait for one.',
      Object.entries(pool).map(([state, value]) => ({ labels: { state }, value })),
    );
    // Other libs count in the process's own registry.
    return `${to.toString()}${await this.process.metrics()}${await register.metrics()}`;
  }

  private async readStored(to: Exposition): Promise<true> {
    const read = await this.database.transaction(async (tx) => {
      await preferIndexes(tx);
      return {
        clusters: await readClusters(tx),
        total: await countClusters(tx),
        passes: await readPasses(tx),
        ledger: await readLedger(tx),
      };
    });
    exposeClusters(to, read.clusters, read.total);
    exposePasses(to, read.passes);
    exposeLedger(to, read.ledger);
    return true;
  }
}
