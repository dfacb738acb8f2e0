import { Injectable } from '@nestjs/common';

import { type ResourceAmounts, ResourceVector } from '#kernel';
import { Database, type EntityManager } from '#database';
import { ClusterWork } from '#deployments';
import { compareAge, keyOf, type Member, type ShapeOf } from '#packing';
import { type QueuedShape, type ClusterRef } from '#queue';
import { type Actor } from '#rbac';
import { learnedOf, RuntimeLearning } from '#runtimes';
import { afterSettling, plannerTask, type CurrentSnapshot, CurrentSnapshotReader, PlannerClient } from '#scheduler';

import { nameCandidates, singlesOf } from '../parts/preemption-analysis.js';
import { MAX_NAMED, viewOf, type WhatIfView } from './what-if-answer.js';
import {
  added,
  amended,
  endedGroups,
  type Prepared,
  refuse,
  refuseEmpty,
  toMember,
  type WhatIfRequest,
} from './what-if-request.js';
import type { whatIf } from './what-if.task.js';

const WHAT_IF = plannerTask<typeof whatIf>(new URL('./what-if.task.js', import.meta.url), 'whatIf');

/** Two plans as of a pass, and what keeps what was asked for. */
const WHAT_IF_MS = 1_000;

/** The most older deployments of an amended one that are counted. */
const MAX_ELDERS = 10_000;

/** Answers what would happen if something were different. Reads, and writes nothing. */
@Injectable()
export class WhatIfService {
  constructor(
    private readonly database: Database,
    private readonly work: ClusterWork,
    private readonly current: CurrentSnapshotReader,
    private readonly planner: PlannerClient,
    private readonly runtimes: RuntimeLearning,
  ) {}

  /** @throws CLUSTERS.NOT_FOUND, WHAT_IF.REQUEST_EMPTY, WHAT_IF.DEPLOYMENT_INVALID, PLANNING.BUSY */
  async answer(actor: Actor, cluster: ClusterRef, request: WhatIfRequest): Promise<WhatIfView> {
    refuseEmpty(request);
    const prepared = await this.current.read(
      actor,
      { ...cluster, names: (waiting, state) => namesFor(request, waiting, state.capacity) },
      (tx, present) => this.prepare(tx, present, request),
    );
    const { present, change, stops } = prepared;
    const result = await this.planner.ask(actor, WHAT_IF, { snapshot: present.snapshot, change, stops }, WHAT_IF_MS);
    const victims = result.after.plan.preempt.flatMap(({ group }) => singlesOf(result.after.snapshot.running[group]));
    const named = await nameCandidates(this.database.reader(), this.work, present, victims.slice(0, MAX_NAMED));
    return viewOf(request, prepared, result, named);
  }

  private async prepare(tx: EntityManager, present: CurrentSnapshot, request: WhatIfRequest): Promise<Prepared> {
    const { snapshot, holding, state } = present;
    const ids = [...request.amendments.map(({ id }) => id), ...request.ended];
    const found = await this.work.find(tx, present, ids);
    refuse(request, found);
    const waiting = ids.flatMap((id) => found.get(id) ?? []).filter(({ status }) => status === 'queued');
    const left = waiting.map(toMember);
    const others = request.amendments.map((amendment) => amended(amendment, found));
    const came = await this.withLearned(tx, present, [...others, ...added(request, snapshot.nowMs)]);
    const ended = endedGroups(
      present,
      request.ended.flatMap((id) => found.get(id) ?? []),
    );
    const capacity = { ...(state.pendingCapacity ?? state.capacity), ...request.capacity };
    const isResized = Object.keys(request.capacity).length > 0;
    const settled = afterSettling(
      {
        state: request.isCordoned === null ? state.state : request.isCordoned ? 'cordoned' : 'active',
        capacity: state.capacity,
        pendingCapacity: isResized ? capacity : state.pendingCapacity,
      },
      holding.map((group, index) => ({
        ...group,
        count: group.count - (ended.find((one) => one.group === index)?.count ?? 0),
      })),
    );
    return {
      present,
      left,
      came,
      elders: await this.elders(tx, present, left, others),
      stops: settled.stops,
      change: {
        capacity: settled.capacity,
        policy: { ...snapshot.policy, ...request.policy },
        isCordoned: settled.stops.length > 0,
        ended,
        left,
        came,
      },
    };
  }

  /** Members with what is learned of the shapes that they would have, as a pass would find it. */
  private async withLearned(
    tx: EntityManager,
    { clusterId }: CurrentSnapshot,
    members: readonly Member[],
  ): Promise<Member[]> {
    const requests = members.map(({ shape: { request } }) => request);
    const known = await this.runtimes.secondsOf(tx, clusterId, requests);
    return members.map((member, index) =>
      member.shape.maxRuntimeSeconds === null
        ? { ...member, shape: { ...member.shape, ...learnedOf(known[index] ?? []) } }
        : member,
    );
  }

  /** How many just like what each of some would be are older: of those that wait, and of those that would be like it, too. */
  private async elders(
    tx: EntityManager,
    { organizationId, clusterId }: CurrentSnapshot,
    left: readonly Member[],
    amendments: readonly Member[],
  ): Promise<ReadonlyMap<string, number>> {
    const elders = new Map<string, number>();
    for (const { head, shape } of amendments) {
      const { id } = head;
      const own = { organizationId, id };
      const [waiting = 0] = await this.work.countOlder(tx, clusterId, [toQueued(shape)], own, MAX_ELDERS);
      const older = (others: readonly Member[]): number =>
        others.filter((other) => keyOf(other.shape) === keyOf(shape) && compareAge(other.head, head) < 0).length;
      elders.set(id, waiting - older(left) + older(amendments));
    }
    return elders;
  }
}

/** As many of each shape as could start, and as could leave it, and one more: the oldest of those that stay. */
function namesFor(
  { amendments, ended, capacity: changed }: WhatIfRequest,
  waiting: readonly QueuedShape[],
  capacity: ResourceAmounts,
): number {
  const most = ResourceVector.from((resource) => Math.max(capacity[resource], changed[resource] ?? 0));
  const starts = waiting.map((shape) => Math.min(shape.waiting, ResourceVector.of(shape).timesIn(most)));
  return Math.min(MAX_NAMED, Math.max(0, ...starts)) + amendments.length + ended.length + 1;
}

const toQueued = ({ priority, request, maxRuntimeSeconds }: ShapeOf): QueuedShape => ({
  ...request,
  priority,
  maxRuntimeSeconds,
  waiting: 0,
});
