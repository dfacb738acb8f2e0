import { Injectable } from '@nestjs/common';

import { Database, type EntityManager } from '#database';
import {
  ClusterWork,
  DeploymentErrors,
  DeploymentsService,
  type DeploymentView,
  type NamedDeployment,
  type StopCause,
  type WorkingDeployment,
} from '#deployments';
import {
  type Blocker,
  blockersOfOne,
  changed,
  type Eta,
  keyOf,
  type OwnedReservation,
  ownedReservation,
  sentenceOf,
  type ShapeOf,
  type Start,
  startOf,
  type Unlock,
} from '#packing';
import { type DeploymentRef } from '#deployments';
import { type Actor } from '#rbac';
import { amountsOf, plannerTask, type CurrentSnapshot, CurrentSnapshotReader, PlannerClient } from '#scheduler';

import { type Comparison } from '../comparison/comparison.js';
import { Comparisons } from '../comparison/comparisons.js';
import { type PreemptionAnalysisView, namePreemption } from '../parts/preemption-analysis.js';
import { type LikelyBasis, LikelyBasisReader, NO_BASIS } from '../likely/likely-basis.js';
import { likelyStart, promisedTo } from '../likely/likely-view.js';
import { type EtaView } from '../parts/eta.js';
import { timeInWords } from '../parts/time-in-words.js';
import type { explain, ExplainResult } from './explain.task.js';

const EXPLAIN = plannerTask<typeof explain>(new URL('./explain.task.js', import.meta.url), 'explain');

/** What is to be found out beside the blockers. */
export interface ExplanationOptions {
  readonly unlocks: boolean;
  /** How long the future may be played, in milliseconds; 0: not at all. */
  readonly forecastMs: number;
  /** Another deployment of the cluster; null: none. */
  readonly compareWith: string | null;
}

/** A change that would start a deployment, with the names of those that would have to end. */
export type NamedUnlock =
  | Exclude<Unlock, { kind: 'ended' }>
  | ({
      readonly kind: 'ended';
      readonly deployments: readonly NamedDeployment[];
      readonly isFewest: boolean;
    } & Start)
  | { readonly kind: 'time'; readonly atMs: number };

/** Why a deployment is where it is. */
export interface ExplanationView {
  readonly deployment: DeploymentView;
  /** When this was true. */
  readonly asOfMs: number;
  /** Rank by priority, age and id, from 1; null where it does not wait, or where too many wait to be counted. */
  readonly position: number | null;
  readonly startsNext: boolean;
  readonly blockers: readonly Blocker[];
  readonly sentence: string;
  readonly reservation: OwnedReservation | null;
  /** Whether what runs could be stopped for it; null: it does not wait. */
  readonly preemption: PreemptionAnalysisView | null;
  /** null: not asked for, or it does not wait. */
  readonly unlocks: readonly NamedUnlock[] | null;
  /** Kinds of unlocks of which nothing is known, because the search took too long. */
  readonly cut: readonly Unlock['kind'][];
  readonly eta: EtaView | null;
  readonly comparison: Comparison | null;
}

/** The most older deployments of a shape that are counted. */
const MAX_ELDERS = 10_000;

/** Names of each shape: enough to play the future of most queues to its end. */
const NAMES = 2_000;

/** A plan, unlocks and a forecast may take so long together. */
const EXPLANATION_MS = 4_000;

/** The drawn futures take as long as the declared one, and this at most. */
const LIKELY_MS = 1_000;

/** The search for unlocks may take so long. */
const UNLOCK_MS = 280;

/** A waiting deployment in the present of its cluster. */
interface Found {
  readonly present: CurrentSnapshot;
  readonly one: WorkingDeployment;
  readonly shape: number;
  readonly older: readonly number[];
  readonly basis: LikelyBasis;
}

/** Explains single deployments: what keeps them, what would start them, and when they start. */
@Injectable()
export class ExplanationsService {
  constructor(
    private readonly database: Database,
    private readonly deployments: DeploymentsService,
    private readonly work: ClusterWork,
    private readonly current: CurrentSnapshotReader,
    private readonly planner: PlannerClient,
    private readonly comparisons: Comparisons,
    private readonly basis: LikelyBasisReader,
  ) {}

  /** @throws DEPLOYMENTS.NOT_FOUND, EXPLANATIONS.OTHER_IS_SAME, EXPLANATIONS.OTHER_NOT_FOUND, PLANNING.BUSY */
  async read(actor: Actor, ref: DeploymentRef, options: ExplanationOptions): Promise<ExplanationView> {
    const deployment = await this.deployments.read(actor, ref);
    const { organizationId, clusterId } = deployment;
    const comparison =
      options.compareWith === null ? null : await this.comparisons.compare(actor, deployment, options.compareWith);
    if (deployment.status !== 'queued' && deployment.status !== 'retrying') return this.settled(deployment, comparison);
    const found = await this.current.read(actor, { organizationId, clusterId, names: NAMES }, (tx, present) =>
      this.find(tx, present, ref.deploymentId, options.forecastMs > 0),
    );
    if (found === null) {
      return this.settled(await this.deployments.read(actor, ref), comparison);
    }
    return { ...(await this.explain(actor, deployment, found, options)), comparison };
  }

  /** Where it stands in the line; null where it has left it meanwhile. Between two attempts it stands where it will come back to. */
  private async find(
    tx: EntityManager,
    present: CurrentSnapshot,
    id: string,
    isForecast: boolean,
  ): Promise<Found | null> {
    const one = (await this.work.find(tx, present, [id])).get(id);
    if (one === undefined) throw DeploymentErrors.NOT_FOUND.because();
    if (one.status !== 'queued' && one.status !== 'retrying') return null;
    const shapes = present.shapes;
    const older = await this.work.countOlder(tx, present.clusterId, shapes, { ...present, id }, MAX_ELDERS);
    const key = keyOf(shapeOf(one));
    const shape = present.snapshot.waiting.findIndex((other) => keyOf(other) === key);
    const found = { present, one, shape, older, basis: NO_BASIS };
    if (one.status === 'retrying') return joined(found);
    if (shape < 0) return null;
    return isForecast ? { ...found, basis: await this.basis.read(tx, present) } : found;
  }

  private async explain(
    actor: Actor,
    deployment: DeploymentView,
    found: Found,
    { unlocks: wantsUnlocks, forecastMs }: ExplanationOptions,
  ): Promise<Omit<ExplanationView, 'comparison'>> {
    const { present, one, shape, older } = found;
    const { id, queuedAtMs, status } = one;
    const isQueued = status === 'queued';
    const result = await this.planner.ask(
      actor,
      EXPLAIN,
      {
        snapshot: present.snapshot,
        stops: present.stops,
        subject: { id, queuedAtMs, shape, older },
        unlockMs: wantsUnlocks && isQueued ? UNLOCK_MS : 0,
        forecastMs: isQueued ? forecastMs : 0,
        known: found.basis.known,
        likelyMs: isQueued ? Math.min(forecastMs, LIKELY_MS) : 0,
      },
      EXPLANATION_MS,
    );
    const eta = isQueued
      ? etaOf(result, found)
      : ({ atMs: null, likely: null, reason: 'retrying', horizonMs: null } as const);
    const blockers = blockersOfFound(found, result, deployment.retryAt);
    const isNominated = blockers.some((blocker) => blocker.code === 'NOMINATED' && blocker.isOwn);
    const startsNext = isQueued && blockers.every(({ code }) => code === 'NEXT_PASS');
    const owned = ownedReservation(result.plan.reservations);
    return {
      deployment,
      asOfMs: present.snapshot.nowMs,
      position: positionOf(found),
      startsNext,
      blockers,
      sentence: sentenceOf(blockers, timeInWords),
      preemption: isQueued
        ? await namePreemption(this.database.reader(), this.work, present, { shape, isNominated }, result)
        : null,
      reservation: owned?.id === id ? owned : null,
      unlocks: result.unlocks === null ? null : await this.name(present, result.unlocks.unlocks, eta),
      cut: result.unlocks?.cut ?? [],
      eta: forecastMs === 0 && isQueued ? null : eta,
    };
  }

  /** What there is to say of a deployment that does not wait. */
  private async settled(deployment: DeploymentView, comparison: Comparison | null): Promise<ExplanationView> {
    return {
      deployment,
      asOfMs: await this.current.now(),
      position: null,
      startsNext: false,
      blockers: [],
      sentence: sentenceOfSettled(deployment),
      reservation: null,
      preemption: null,
      unlocks: null,
      cut: [],
      eta: null,
      comparison,
    };
  }

  /** Gives names to those that would have to end, and says until when nothing but time is needed. */
  private async name(
    present: CurrentSnapshot,
    unlocks: readonly Unlock[],
    eta: EtaView | null,
  ): Promise<NamedUnlock[]> {
    const named: NamedUnlock[] = [];
    for (const unlock of unlocks) {
      if (unlock.kind !== 'ended') {
        named.push(unlock);
        continue;
      }
      const deployments = await this.membersOf(present, unlock.groups);
      named.push({ kind: 'ended', deployments, isFewest: unlock.isFewest, untilMs: unlock.untilMs });
    }
    const isNow = unlocks.some(({ kind }) => kind === 'nothing');
    if (eta !== null && eta.atMs !== null && !isNow) named.push({ kind: 'time', atMs: eta.atMs });
    return named;
  }

  /** The deployments of these groups, as many of each as it counts. One that is a group of its own is in no other. */
  private async membersOf(
    present: CurrentSnapshot,
    groups: readonly { readonly group: number; readonly count: number }[],
  ): Promise<NamedDeployment[]> {
    const em = this.database.reader();
    const singles = present.holding.flatMap((one) => ('id' in one ? [one.id] : []));
    const members: NamedDeployment[] = [];
    for (const { group, count } of groups) {
      const holding = present.holding[group];
      if (holding === undefined) throw new RangeError(`an unlock names group ${group} of ${present.holding.length}`);
      const ids = 'id' in holding ? [holding.id] : holding.expected?.ids.slice(0, count);
      if (ids !== undefined) members.push(...(await this.work.find(em, present, ids)).values());
      else members.push(...(await this.work.membersOf(em, present.clusterId, { ...holding, count }, singles)));
    }
    return members;
  }
}

function shapeOf(one: WorkingDeployment): ShapeOf {
  const { priority, maxRuntimeSeconds } = one;
  return { priority, request: amountsOf(one), maxRuntimeSeconds };
}

/** The present with a deployment back in the queue. */
function joined({ present, one, older, ...found }: Found): Found {
  const { id, queuedAtMs } = one;
  const shape = shapeOf(one);
  const came = [{ head: { id, queuedAtMs }, shape }];
  const snapshot = changed(present.snapshot, { came }, { keepsFollowers: true });
  const index = snapshot.waiting.findIndex((other) => keyOf(other) === keyOf(shape));
  return {
    ...found,
    present: { ...present, snapshot },
    one,
    shape: index,
    older: [...older, 0].slice(0, snapshot.waiting.length),
  };
}

function blockersOfFound(found: Found, { plan, blockers }: ExplainResult, retryAt: string | null): readonly Blocker[] {
  const { present, one, shape, older } = found;
  const elders = older[shape] ?? 0;
  const placed = plan.place.find((placement) => placement.shape === shape)?.count ?? 0;
  const { id, priority, queuedAtMs } = one;
  const start = startOf(present.snapshot, plan, { id, queuedAtMs, shape, older: elders });
  const own: readonly Blocker[] =
    start?.untilMs === null || blockers === null
      ? [{ code: 'NEXT_PASS' }]
      : blockersOfOne(blockers, { id, priority, older: Math.max(0, elders - placed) });
  if (one.status === 'queued') return own;
  const untilMs = retryAt === null ? present.snapshot.nowMs : Date.parse(retryAt);
  return [{ code: 'RETRY', untilMs }, ...own.filter(({ code }) => code !== 'NEXT_PASS')];
}

function etaOf({ plan, forecast, likely: wait }: ExplainResult, { present, one, basis }: Found): EtaView | null {
  const eta: Eta | undefined = forecast?.etas[0];
  if (forecast === null || eta === undefined) return null;
  const likely = likelyStart(present.snapshot.nowMs, wait, basis.errors, promisedTo(plan.reservations, one.id));
  if (eta.atMs !== null) return { atMs: eta.atMs, likely, reason: null, horizonMs: null };
  return { atMs: null, likely, reason: eta.reason, horizonMs: forecast.horizonMs };
}

function positionOf({ present: { shapes }, one, older }: Found): number | null {
  if (one.status !== 'queued') return null;
  let ahead = 0;
  for (const [index, { priority, waiting }] of shapes.entries()) {
    const elders = older[index] ?? 0;
    if (priority > one.priority) ahead += waiting;
    else if (priority === one.priority && elders === MAX_ELDERS) return null;
    else if (priority === one.priority) ahead += elders;
  }
  return ahead + 1;
}

const STOP_REASONS: Readonly<Record<StopCause, string>> = {
  cancelled: 'because it was cancelled',
  'max-runtime': 'because it has run for as long as it may',
  preempted: 'to make room for a higher priority',
};

function sentenceOfSettled({ status, scheduledAt, startedAt, endedAt, stopping }: DeploymentView): string {
  const at = (time: string | null): string => (time === null ? '' : ` ${timeInWords(time)}`);
  if (endedAt !== null) return `It does not wait: it ended as ${status} at${at(endedAt)}.`;
  if (stopping !== null) {
    const { since, until, cause, outcome } = stopping;
    return `It does not wait: its runtime was asked at${at(since)} to stop it, ${STOP_REASONS[cause]}. When that is reported, at${at(until)} at the latest, it is ${outcome}${outcome === 'queued' ? ' again, unless it is reported to have succeeded' : ''}.`;
  }
  if (status === 'running') return `It does not wait: it has been running since${at(startedAt)}.`;
  return `It does not wait: its resources were given to it at${at(scheduledAt)}, and its runtime may start it.`;
}
