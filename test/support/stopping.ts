import { type Answer } from './api-client.js';
import { type DeploymentBody, TestCluster } from './clusters.js';
import { withClient } from './database.js';
import { aTeam, type Team } from './people.js';
import { type StartOptions, Stowage } from './stowage.js';
import { eventually } from './wait.js';

/** The grace period. */
export const GRACE_SECONDS = 600;

/** A deployment as the API shows it, or a problem. */
export interface Shown extends DeploymentBody {
  readonly retries: number;
  readonly preemptions: number;
  readonly stopping: { cause: string; outcome: string; since: string; until: string } | null;
  readonly code?: string;
  readonly deploymentStatus?: string;
}

/** An event as the API shows it. */
export interface Event {
  readonly type: string;
  readonly cause: string;
  readonly at: string;
  readonly until: string | null;
  readonly actorId: string | null;
  readonly preemption: { priority: number | null; lostSeconds: number | null } | null;
}

/** An installation, a cluster with a grace period, and a runtime that reports to it. */
export class StoppingScene {
  private constructor(
    readonly stowage: Stowage,
    readonly team: Team,
    readonly cluster: TestCluster,
    /** The token of a service account that may report, and nothing else. */
    readonly runtime: string,
  ) {}

  static async start(options: StartOptions = {}): Promise<StoppingScene> {
    const stowage = await Stowage.start(options);
    const team = await aTeam(stowage.client);
    const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
      name: 'runtime',
      scope: 'runtime',
    });
    const tokens = `${team.path}/service-accounts/${account.body.id}/tokens`;
    const { token } = (await team.admin.post<{ token: string }>(tokens, { name: 'token' })).body;
    return new StoppingScene(stowage, team, await granting(team, GRACE_SECONDS), token);
  }

  /** Stops it, once its ledger is proved. */
  async stop(): Promise<void> {
    await this.stowage.proveAndStop();
  }

  /** Another cluster. */
  async granting(stopGraceSeconds: number): Promise<TestCluster> {
    return granting(this.team, stopGraceSeconds);
  }

  async read(id: string): Promise<Shown> {
    return (await this.team.viewer.get<Shown>(this.cluster.deploymentPath(id))).body;
  }

  async becomes(id: string, status: string, attempt = 1): Promise<Shown> {
    return eventually(
      () => this.read(id),
      (shown) => shown.status === status && shown.attempt === attempt,
    );
  }

  async scheduled(fields: Readonly<Record<string, unknown>> = {}, where = this.cluster): Promise<string> {
    const id = await where.submit(fields);
    await this.becomes(id, 'scheduled');
    return id;
  }

  /** A report of the runtime. */
  async say(id: string, action: 'start' | 'complete', body: unknown = {}): Promise<Answer<Shown>> {
    return this.stowage.client.post<Shown>(`${this.cluster.deploymentPath(id)}/${action}`, {
      token: this.runtime,
      body,
    });
  }

  async running(fields: Readonly<Record<string, unknown>> = {}, where = this.cluster): Promise<string> {
    const id = await this.scheduled(fields, where);
    const { body } = await this.say(id, 'start', { attempt: 1 });
    if (body.status !== 'running') throw new Error(`what was reported as started is ${body.status}`);
    return id;
  }

  async cancel(id: string): Promise<Answer<Shown>> {
    return this.team.developer.post(`${this.cluster.deploymentPath(id)}/cancel`);
  }

  /** Runs a statement about one deployment. */
  async change(sql: string, id: string): Promise<void> {
    await withClient(this.stowage.database.url, (client) => client.query(sql, [id]));
  }

  /** Makes a deployment due: at the end of its runtime, or of its grace period. */
  async hurry(id: string): Promise<void> {
    await this.change(`update deployments set due_at = now() where id = $1`, id);
  }

  /** A deployment that stops because it has used its runtime. */
  async outOfTime(where = this.cluster): Promise<string> {
    const id = await this.running({ maxRuntimeSeconds: 86_400 }, where);
    await this.hurry(id);
    await this.becomes(id, 'stopping');
    return id;
  }

  /** Makes it stop as a victim of preemption, not of a cancellation. */
  async givingWay(fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = await this.running(fields);
    await this.cancel(id);
    await this.change(`update deployments set stop_cause = 'preempted', stop_outcome = 'queued' where id = $1`, id);
    return id;
  }

  async eventsOf(id: string): Promise<Event[]> {
    const path = `${this.cluster.deploymentPath(id)}/events?limit=100`;
    return (await this.team.viewer.get<{ items: Event[] }>(path)).body.items;
  }

  /** Its events after it was scheduled. */
  async storyOf(id: string): Promise<string[]> {
    const events = await this.eventsOf(id);
    return events.slice(2).map(({ type, cause }) => `${type.replace('deployment.', '')}: ${cause}`);
  }
}

async function granting(team: Team, stopGraceSeconds: number): Promise<TestCluster> {
  const made = await TestCluster.create(team, { cpu: 8 });
  await team.admin.patch(made.path, { policy: { stopGraceSeconds } });
  return made;
}
