import { Injectable } from '@nestjs/common';

import { newId } from '#kernel';
import { AuditLog, systemActor } from '#audit';
import { Database, type EntityManager, rowsOf, sql } from '#database';
import { ClusterSignals, QueueShapes } from '#queue';

import { Ledger } from '../writer/ledger.js';
import { LedgerClosing } from '../closing/ledger-closing.js';
import { type BrokenLaw } from './ledger-findings.js';
import { LedgerAudit } from './ledger-audit.service.js';

/** What a repair did, and what a full audit of the cluster says after it. */
export interface RepairReport {
  readonly passId: string;
  readonly organizationId: string;
  /** Corrective entries. */
  readonly corrections: number;
  readonly broken: readonly BrokenLaw[];
}

/** Who asked for it has an entry of their own. */
const REPAIRER = systemActor('ledger repair');

/** Reading every entry takes its time; the cluster is stopped anyway. */
const REPAIR_TIMEOUT_MS = 600_000;

/**
 * Sets a ledger right that has drifted: by new entries that say the difference, never by changing old ones. What a checkpoint stands for
 * has no entries any more: there, the difference goes to what it says was corrected.
 *
 * The status of deployments is what it believes, because that is what runtimes act on. A repair is a pass that places nothing: it holds
 * the cluster's lock, its entries name its record, and it is written to the audit log. The cluster stays cordoned until a user uncordons it.
 * Workers do it when an operator has asked the API, and the command does it itself; the API cannot.
 */
@Injectable()
export class LedgerRepair {
  constructor(
    private readonly database: Database,
    private readonly ledger: Ledger,
    private readonly closing: LedgerClosing,
    private readonly audit: LedgerAudit,
    private readonly log: AuditLog,
    private readonly signals: ClusterSignals,
  ) {}

  /** The same outside of a Nest application. */
  static over(database: Database): LedgerRepair {
    const signals = new ClusterSignals(new QueueShapes());
    const audit = LedgerAudit.over(database);
    return new LedgerRepair(database, new Ledger(), new LedgerClosing(), audit, new AuditLog(), signals);
  }

  /**
   * Repairs one cluster, and audits it in full.
   *
   * @returns null when there is no such cluster
   * @throws the database's refusal, with nothing changed, when deployments hold more than the cluster's capacity
   */
  async repair(clusterId: string): Promise<RepairReport | null> {
    return this.run(clusterId, false);
  }

  /** Clusters whose repair an operator has asked for. */
  async wanted(): Promise<string[]> {
    return this.signals.repairsWanted(this.database.reader());
  }

  /**
   * The same for a cluster whose repair was asked for, once, however many workers try.
   *
   * @returns null when another one has done it since
   * @throws as `repair`; what failed is not wanted any more, because it would fail again
   */
  async repairWanted(clusterId: string): Promise<RepairReport | null> {
    try {
      return await this.run(clusterId, true);
    } catch (error) {
      await this.database.transaction((tx) => this.signals.takeRepair(tx, clusterId));
      throw error;
    }
  }

  private async run(clusterId: string, onlyIfWanted: boolean): Promise<RepairReport | null> {
    const done = await this.database.transaction(async (tx) => this.repairIn(tx, clusterId, onlyIfWanted), {
      statementTimeoutMs: REPAIR_TIMEOUT_MS,
    });
    return done === null ? null : { ...done, broken: await this.audit.fullOf(clusterId) };
  }

  private async repairIn(
    tx: EntityManager,
    clusterId: string,
    onlyIfWanted: boolean,
  ): Promise<Omit<RepairReport, 'broken'> | null> {
    const [cluster] = await rowsOf(
      tx,
      sql<{ organizationId: string; name: string }>`
        select organization_id as "organizationId", name from clusters where id = ${clusterId} for no key update`,
    );
    if (cluster === undefined) return null;
    const isWanted = await this.signals.takeRepair(tx, clusterId);
    if (onlyIfWanted && !isWanted) return null;
    const { organizationId, name } = cluster;
    const pass = { organizationId, clusterId, passId: newId() };
    await this.record(tx, pass.passId, organizationId, clusterId);
    const { corrections, before, after } = await this.ledger.correct(tx, pass);
    const checkpoints = await this.closing.correct(tx, pass);
    const recounted = await this.ledger.recountQueue(tx, pass);
    // What was not counted may wait beside free room, in a cluster that is not cordoned: it wants a pass that places.
    await this.signals.announce(tx, pass, 'more-to-do');
    await this.log.record(tx, {
      organizationId,
      actor: REPAIRER,
      action: 'ledger_repair',
      target: { kind: 'cluster', id: clusterId, name },
      before: { allocated: before },
      after: { allocated: after, corrections, checkpoints, recounted, passId: pass.passId },
    });
    return { passId: pass.passId, organizationId, corrections };
  }

  private async record(tx: EntityManager, passId: string, organizationId: string, clusterId: string): Promise<void> {
    const certificate = {
      optimal: true,
      stopped: 'none',
      steps: 0,
      levels: [],
      utilization: { value: 0, upperBound: 0 },
    };
    const durations = { settle: 0, snapshot: 0, plan: 0, apply: 0 };
    await rowsOf(
      tx,
      sql`insert into passes (id, organization_id, cluster_id, triggers, started_at, waiting, shapes, placed, released,
                              timed_out, is_partial, certificate, durations_ms)
          values (${passId}, ${organizationId}, ${clusterId}, array['repair'], statement_timestamp(), 0, 0, 0, 0, 0, false,
                  ${JSON.stringify(certificate)}::jsonb, ${JSON.stringify(durations)}::jsonb)`,
    );
  }
}
