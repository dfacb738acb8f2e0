import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, register, Registry } from 'prom-client';

import { Database, rowsOf, sql } from '#database';
import { queuedCount } from '#queue';

/** The most clusters that one scrape lists: a bound on the answer, far above what one installation has. */
const MAX_CLUSTERS = 10_000;

interface ClusterFigures {
  readonly organization: string;
  readonly cluster: string;
  readonly capacityCpu: number;
  readonly capacityMemory: number;
  readonly capacityGpu: number;
  readonly allocatedCpu: number;
  readonly allocatedMemory: number;
  readonly allocatedGpu: number;
  readonly queued: number;
  readonly unsettled: number;
  readonly lastPass: number | null;
}

/**
 * Figures for Prometheus. What they say of clusters, queues and passes is read from PostgreSQL at each scrape, so that every process
 * answers the same, and none has to remember anything.
 */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();
  private readonly capacity = this.gauge('cluster_capacity', 'What a cluster has: cores, MiB, devices.', ['resource']);
  private readonly allocated = this.gauge('cluster_allocated', 'What is given to deployments: cores, MiB, devices.', [
    'resource',
  ]);
  private readonly queued = this.gauge('cluster_queued', 'Deployments that wait.');
  private readonly unsettled = this.gauge('cluster_unsettled', 'Deployments that have ended and still hold resources.');
  private readonly lastPass = this.gauge('cluster_last_pass_timestamp_seconds', 'When the last pass ended.');

  private readonly openFindings = new Gauge({
    name: 'stowage_ledger_open_findings',
    help: 'Laws of the ledger that are broken, per cluster: anything above 0 needs a person.',
    labelNames: ['organization', 'cluster', 'law'],
    registers: [this.registry],
  });
  private readonly sinceClean = new Gauge({
    name: 'stowage_ledger_seconds_since_clean_audit',
    help: 'Since the last audit of all clusters that found nothing began.',
    labelNames: ['depth'],
    registers: [this.registry],
  });

  constructor(private readonly database: Database) {
    collectDefaultMetrics({ register: this.registry });
  }

  /** All figures, in the text format of Prometheus. */
  async scrape(): Promise<string> {
    const figures = await this.read();
    for (const gauge of [this.capacity, this.allocated, this.queued, this.unsettled, this.lastPass]) gauge.reset();
    for (const row of figures) this.set(row);
    await this.setAudits();
    // Other libs count in the process's own registry.
    return `${await this.registry.metrics()}${await register.metrics()}`;
  }

  private set(row: ClusterFigures): void {
    const labels = { organization: row.organization, cluster: row.cluster };
    this.capacity.set({ ...labels, resource: 'cpu' }, row.capacityCpu);
    this.capacity.set({ ...labels, resource: 'memory' }, row.capacityMemory);
    this.capacity.set({ ...labels, resource: 'gpu' }, row.capacityGpu);
    this.allocated.set({ ...labels, resource: 'cpu' }, row.allocatedCpu);
    this.allocated.set({ ...labels, resource: 'memory' }, row.allocatedMemory);
    this.allocated.set({ ...labels, resource: 'gpu' }, row.allocatedGpu);
    this.queued.set(labels, row.queued);
    this.unsettled.set(labels, row.unsettled);
    if (row.lastPass !== null) this.lastPass.set(labels, row.lastPass);
  }

  private async setAudits(): Promise<void> {
    const reader = this.database.reader();
    const [findings, audits] = await Promise.all([
      rowsOf(
        reader,
        sql<{ organization: string; cluster: string; law: string }>`
          select organization_id as organization, cluster_id as cluster, law from ledger_findings
          where resolved_at is null limit ${MAX_CLUSTERS}`,
      ),
      rowsOf(
        reader,
        sql<{ depth: string; seconds: number }>`
          select depth, extract(epoch from statement_timestamp() - clean_at)::float8 as seconds from ledger_audits
          where clean_at is not null`,
      ),
    ]);
    this.openFindings.reset();
    this.sinceClean.reset();
    for (const labels of findings) this.openFindings.set({ ...labels }, 1);
    for (const { depth, seconds } of audits) this.sinceClean.set({ depth }, seconds);
  }

  private gauge(name: string, help: string, labels: readonly string[] = []): Gauge {
    const labelNames = ['organization', 'cluster', ...labels];
    return new Gauge({ name: `stowage_${name}`, help, labelNames, registers: [this.registry] });
  }

  private async read(): Promise<ClusterFigures[]> {
    return rowsOf(
      this.database.reader(),
      sql<ClusterFigures>`
        select c.organization_id as organization, c.id as cluster,
               c.capacity_cpu_millis::float8 / 1000 as "capacityCpu", c.capacity_memory_mib::float8 as "capacityMemory",
               c.capacity_gpu_millis::float8 / 1000 as "capacityGpu",
               c.allocated_cpu_millis::float8 / 1000 as "allocatedCpu",
               c.allocated_memory_mib::float8 as "allocatedMemory",
               c.allocated_gpu_millis::float8 / 1000 as "allocatedGpu", ${queuedCount('c.id')} as queued,
               (select count(*)::int from deployments d
                where d.cluster_id = c.id and (d.ended_at is not null or d.status = 'retrying') and d.released_at is null) as unsettled,
               (select extract(epoch from p.finished_at)::float8 from passes p
                where p.cluster_id = c.id order by p.id desc limit 1) as "lastPass"
        from clusters c where c.deleted_at is null order by c.id limit ${MAX_CLUSTERS}`,
    );
  }
}
