import { afterAll, afterEach } from '@jest/globals';

import { type Nomination, nominationsOf, type Reservation } from '#packing';

import { type Answer } from './api-client.js';
import { type DeploymentBody, TestCluster } from './clusters.js';
import { withClient } from './database.js';
import { assertLedgerHolds } from './invariants.js';
import { ManualPasses } from './manual-passes.js';
import { aTeam, type Team } from './people.js';
import { type SharedInstallation, sharedInstallation } from './shared-installation.js';

/** A transition of a deployment, from the event log. */
export interface Move {
  readonly from: string | null;
  readonly to: string;
  readonly cause: string;
  readonly attempt: number;
  readonly preemptorId: string | null;
  readonly preemptorPriority: number | null;
  readonly lostSeconds: number | null;
}

/** A deployment that may have been preempted, as stored. */
export interface Standing {
  readonly status: string;
  readonly attempt: number;
  readonly preemptions: number;
}

/** The policy under which preemptible deployments may be preempted at once. */
export const AT_ONCE = { preemption: 'lower-priority', preemptAfterSeconds: 0, reserveAfterSeconds: null };

/** A cluster with preemption, and with manual passes where they are given. */
export class PreemptionScene {
  private constructor(
    readonly cluster: TestCluster,
    private readonly databaseUrl: string,
    private readonly passes: ManualPasses | null,
  ) {}

  static async create(
    { database }: Pick<SharedInstallation, 'database'>,
    team: Team,
    cpu: number,
    policy: Readonly<Record<string, unknown>> = {},
    passes: ManualPasses | null = null,
  ): Promise<PreemptionScene> {
    const cluster = await TestCluster.create(team, { cpu });
    await team.admin.patch(cluster.path, { policy: { ...AT_ONCE, ...policy } });
    return new PreemptionScene(cluster, database.url, passes);
  }

  /** Submits a deployment of `cpu` cores, preemptible unless `fields` say otherwise. @returns its id */
  async submit(priority: number, cpu: number, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.cluster.submit({ priority, resources: { cpu, memoryMib: 1 }, preemptible: true, ...fields });
  }

  async pass(): Promise<void> {
    await this.passes?.run(this.cluster.id);
  }

  async start(id: string): Promise<Answer<DeploymentBody>> {
    return this.cluster.team.admin.post<DeploymentBody>(`${this.cluster.deploymentPath(id)}/start`);
  }

  async report(id: string, outcome: 'succeeded' | 'failed'): Promise<Answer<DeploymentBody>> {
    return this.cluster.team.admin.post<DeploymentBody>(`${this.cluster.deploymentPath(id)}/complete`, { outcome });
  }

  /** Submits a deployment of `cpu` cores, runs a pass, and reports its start. @returns its id */
  async submitRunning(priority: number, cpu: number, fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = await this.submit(priority, cpu, fields);
    await this.pass();
    await this.start(id);
    return id;
  }

  /** The stored columns of each, in their order. */
  async standings(ids: readonly string[]): Promise<Standing[]> {
    return withClient(this.databaseUrl, async (client) => {
      const { rows } = await client.query<Standing & { id: string }>(
        `select id, status, attempt, preemptions from deployments where id = any($1::uuid[])`,
        [ids],
      );
      return ids.map((id) => {
        const { status, attempt, preemptions } = rows.find((row) => row.id === id) ?? {
          status: 'missing',
          attempt: 0,
          preemptions: 0,
        };
        return { status, attempt, preemptions };
      });
    });
  }

  async statuses(ids: readonly string[]): Promise<string[]> {
    return (await this.standings(ids)).map(({ status }) => status);
  }

  async moves(id: string): Promise<Move[]> {
    return withClient(this.databaseUrl, async (client) => {
      const { rows } = await client.query<Move>(
        `select from_status as "from", to_status as "to", cause, attempt, preemptor_id as "preemptorId",
                preemptor_priority as "preemptorPriority", lost_seconds as "lostSeconds"
         from deployment_events where deployment_id = $1 order by sequence`,
        [id],
      );
      return rows;
    });
  }

  /** The nominations, by priority from the highest, with their counts. */
  async nominations(): Promise<Pick<Nomination, 'priority' | 'count'>[]> {
    return withClient(this.databaseUrl, async (client) => {
      const { rows } = await client.query<{ reservations: readonly Reservation[] }>(
        `select reservations from cluster_schedules where cluster_id = $1`,
        [this.cluster.id],
      );
      return nominationsOf(rows[0]?.reservations).map(({ priority, count }) => ({ priority, count }));
    });
  }

  /** Makes each due: at the end of its runtime, or of its grace period. */
  async hurry(ids: readonly string[]): Promise<void> {
    await withClient(this.databaseUrl, (client) =>
      client.query(`update deployments set due_at = now() where id = any($1::uuid[])`, [ids]),
    );
  }

  /** The number of preemptions in the cluster. */
  async evictions(): Promise<number> {
    return withClient(this.databaseUrl, async (client) => {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from deployment_events where cluster_id = $1 and cause = 'preempted'`,
        [this.cluster.id],
      );
      return rows[0]?.count ?? 0;
    });
  }

  /** Moves the starts of running deployments `seconds` back. */
  async age(ids: readonly string[], seconds: number): Promise<void> {
    await withClient(this.databaseUrl, async (client) => {
      await client.query(
        `update deployments set queued_at = queued_at - $2 * interval '1 second',
           scheduled_at = scheduled_at - $2 * interval '1 second', started_at = started_at - $2 * interval '1 second'
         where id = any($1::uuid[])`,
        [ids, seconds],
      );
    });
  }
}

/** What differs from the defaults in the passes of a stage. */
interface PassOptions {
  /** Settings of the worker, by the names of their variables. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Runs in the middle of each pass, between its plan and its first change. */
  readonly afterPlanning?: () => Promise<void>;
  /** The most candidates for preemption that a pass reads. */
  readonly mostCandidates?: number;
}

/** An installation without workers, the passes of its tests, and a team: for all tests of a spec file. */
export class PreemptionStage {
  private constructor(
    readonly stowage: SharedInstallation,
    readonly team: Team,
    readonly passes: ManualPasses,
  ) {}

  /** On the installation of this Jest process that has no worker; audits it after each test. Call it at the top of a spec file. */
  static async shared(options: PassOptions = {}): Promise<PreemptionStage> {
    const stage = await PreemptionStage.on(await sharedInstallation('manual'), options);
    afterEach(() => stage.assertLedgerHolds());
    afterAll(() => stage.stop());
    return stage;
  }

  static async on(
    stowage: SharedInstallation,
    { settings = {}, afterPlanning, mostCandidates }: PassOptions = {},
  ): Promise<PreemptionStage> {
    const environment = { ...stowage.environment, ...settings };
    const passes = await ManualPasses.of({ ...stowage, environment }, afterPlanning, mostCandidates);
    return new PreemptionStage(stowage, await aTeam(stowage.client), passes);
  }

  async scene(cpu: number, policy: Readonly<Record<string, unknown>> = {}): Promise<PreemptionScene> {
    return PreemptionScene.create(this.stowage, this.team, cpu, policy, this.passes);
  }

  /** Holds the rows of its team against the laws. */
  async assertLedgerHolds(): Promise<void> {
    await assertLedgerHolds(this.stowage.database.url, [this.team.organizationId]);
  }

  async stop(): Promise<void> {
    await this.passes.stop();
  }
}
