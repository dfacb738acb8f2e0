import { Injectable } from '@nestjs/common';

import { Database, rowsOf, sql } from '#database';
import { ClusterWork, type DeploymentView, type WorkingDeployment } from '#deployments';
import { type Competitor, keyOf, ownedReservation, type Snapshot } from '#packing';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';
import {
  amountsOf,
  type RecordedSnapshot,
  PassesRepository,
  plannerTask,
  CurrentSnapshotReader,
  PlannerClient,
} from '#scheduler';

import { type Comparison, orderSentence } from './comparison.js';
import { ExplanationErrors } from './comparison.errors.js';
import type { order } from './order.task.js';

const ORDER = plannerTask<typeof order>(new URL('./order.task.js', import.meta.url), 'order');

/** The rule is looked for so long. */
const ORDER_MS = 1_000;

/** A start, as the event log has it. */
interface Start {
  readonly id: string;
  readonly passId: string;
  readonly at: string;
  /** Whether the other one was waiting at that moment. */
  readonly otherWaited: boolean;
  readonly isBoth: boolean;
  /** The preemptor of the other one, and its priority; null: it had not been preempted, or it had started again. */
  readonly preemptorId: string | null;
  readonly preemptorPriority: number | null;
}

type Decided = Omit<Comparison, 'otherId' | 'sentence'>;

/** Compares two deployments of a cluster: by the record of the pass that started one of them, or by the plan as it would be now. */
@Injectable()
export class Comparisons {
  constructor(
    private readonly database: Database,
    private readonly work: ClusterWork,
    private readonly current: CurrentSnapshotReader,
    private readonly passes: PassesRepository,
    private readonly planner: PlannerClient,
  ) {}

  /** @param deployment visible to the actor @throws EXPLANATIONS.OTHER_IS_SAME, EXPLANATIONS.OTHER_NOT_FOUND, PLANNING.BUSY */
  async compare(actor: Actor, deployment: DeploymentView, otherId: string): Promise<Comparison> {
    const { organizationId, id } = deployment;
    if (id === otherId) throw ExplanationErrors.OTHER_IS_SAME.because();
    const found = await this.work.find(this.database.reader(), deployment, [id, otherId]);
    const [own, other] = [found.get(id), found.get(otherId)];
    if (own === undefined || other === undefined) throw ExplanationErrors.OTHER_NOT_FOUND.because();
    const start = await this.firstStart(organizationId, own, other);
    const decided =
      start === null
        ? await this.compareWaiting(actor, deployment, own, other)
        : await this.compareStarts(actor, deployment, [own, other], start);
    return { ...decided, otherId, sentence: orderSentence(decided, [own, other]) };
  }

  /** The earlier of the latest starts of two deployments; what waits again has none. */
  private async firstStart(
    organizationId: string,
    own: WorkingDeployment,
    other: WorkingDeployment,
  ): Promise<Start | null> {
    const ids = [own.id, other.id];
    const started = [own, other].filter(({ status }) => status !== 'queued' && status !== 'retrying');
    const [start] = await rowsOf(
      this.database.reader(),
      sql<Start>`
        with starts as (
          select distinct on (e.deployment_id) e.deployment_id as id, e.pass_id, e.at
          from deployment_events e
          where e.organization_id = ${organizationId} and e.deployment_id = any(${started.map(({ id }) => id)}::uuid[])
            and e.to_status = 'scheduled' and e.pass_id is not null
          order by e.deployment_id, e.sequence desc
        )
        select s.id, s.pass_id as "passId", s.at,
               stop.preemptor_id as "preemptorId", stop.preemptor_priority as "preemptorPriority",
               coalesce(later.pass_id = s.pass_id, false) as "isBoth",
               coalesce((
                 select e.to_status = 'queued' or (e.pass_id = s.pass_id and e.from_status = 'queued')
                 from deployment_events e
                 where e.organization_id = ${organizationId} and e.deployment_id = any(${ids}::uuid[])
                   and e.deployment_id <> s.id and e.at <= s.at
                 order by e.sequence desc limit 1
               ), false) as "otherWaited"
        from starts s left join starts later on later.id <> s.id
        left join lateral (
          select e.preemptor_id, e.preemptor_priority from deployment_events e
          where e.organization_id = ${organizationId} and e.deployment_id = any(${ids}::uuid[])
            and e.deployment_id <> s.id and (e.cause = 'preempted' or e.to_status = 'scheduled') and e.at <= s.at
          order by e.sequence desc limit 1
        ) stop on true
        order by s.at, s.id limit 1`,
    );
    return start ?? null;
  }

  private async compareStarts(
    actor: Actor,
    cluster: ClusterRef,
    pair: readonly [WorkingDeployment, WorkingDeployment],
    { id, passId, at, otherWaited, isBoth, preemptorId, preemptorPriority }: Start,
  ): Promise<Decided> {
    const startedAt = new Date(at).toISOString();
    const kept = { passId, isFromRecord: true };
    if (isBoth) return { ...kept, firstId: null, rule: { rule: 'same-pass', startedAt } };
    if (!otherWaited) return { ...kept, firstId: id, rule: { rule: 'not-waiting', startedAt } };
    const [first, other] = pair[0].id === id ? pair : [pair[1], pair[0]];
    const yielded = (priority: number): Decided => ({ ...kept, firstId: id, rule: { rule: 'yielded', priority } });
    if (preemptorId === id && preemptorPriority !== null) return yielded(preemptorPriority);
    const recorded = await this.passes.snapshotOf(cluster, passId);
    const priority = recorded === null ? null : yieldedTo(recorded, other);
    if (priority !== null) return yielded(priority);
    const [one, two] =
      recorded === null ? [null, null] : [contender(recorded.snapshot, first), contender(recorded.snapshot, other)];
    if (recorded === null || one === null || two === null) {
      return { firstId: id, passId, isFromRecord: false, rule: ruleOf(first, other).rule };
    }
    const { snapshot, plan } = recorded;
    const rule = await this.planner.ask(actor, ORDER, { snapshot, plan, first: one, other: two }, ORDER_MS);
    if (rule === null) return { firstId: id, passId, isFromRecord: false, rule: ruleOf(first, other).rule };
    // It was stopped for the oldest of several that were nominated: for all of them.
    if (rule.rule === 'nominated' && preemptorPriority === first.priority) return yielded(preemptorPriority);
    return { ...kept, firstId: id, rule };
  }

  private async compareWaiting(
    actor: Actor,
    { organizationId, clusterId }: DeploymentView,
    own: WorkingDeployment,
    other: WorkingDeployment,
  ): Promise<Decided> {
    const nothing = { passId: null, isFromRecord: false };
    const present = await this.current.read(actor, { organizationId, clusterId, names: 1 }, (_, seen) =>
      Promise.resolve(seen),
    );
    const reservation = ownedReservation(present.snapshot.reservations);
    const holder = reservation === null ? null : reservation.id;
    if (holder === own.id || holder === other.id) {
      return { ...nothing, firstId: holder, rule: { rule: 'reservation' } };
    }
    return { ...nothing, ...ruleOf(own, other) };
  }
}

/** The priority for which a pass stopped a deployment; null where it did not. */
function yieldedTo({ snapshot, plan }: RecordedSnapshot, { id }: WorkingDeployment): number | null {
  const preemption = plan.preempt.find((one) => one.id === id);
  return preemption === undefined ? null : (snapshot.waiting[preemption.by]?.priority ?? null);
}

/** Where a deployment stood in what a pass saw; null where nothing of its shape was there. */
function contender(snapshot: Snapshot, one: WorkingDeployment): Competitor | null {
  const { id, queuedAtMs, priority, maxRuntimeSeconds } = one;
  const key = keyOf({
    priority,
    request: amountsOf(one),
    maxRuntimeSeconds,
  });
  const shape = snapshot.waiting.findIndex((other) => keyOf(other) === key);
  return shape < 0 ? null : { id, queuedAtMs, shape };
}

/** Which of two comes first by what is known of them alone. */
function ruleOf(a: WorkingDeployment, b: WorkingDeployment): Pick<Decided, 'firstId' | 'rule'> {
  if (a.priority !== b.priority) {
    const [first, other] = a.priority > b.priority ? [a, b] : [b, a];
    return {
      firstId: first.id,
      rule: { rule: 'priority', priority: first.priority, otherPriority: other.priority },
    };
  }
  const isSame = a.cpuMillis === b.cpuMillis && a.memoryMib === b.memoryMib && a.gpuMillis === b.gpuMillis;
  if (!isSame) return { firstId: null, rule: { rule: 'undecided' } };
  const isOlder = a.queuedAtMs !== b.queuedAtMs ? a.queuedAtMs < b.queuedAtMs : a.id < b.id;
  const [first, other] = isOlder ? [a, b] : [b, a];
  return {
    firstId: first.id,
    rule: { rule: 'age', queuedAtMs: first.queuedAtMs, otherQueuedAtMs: other.queuedAtMs },
  };
}
