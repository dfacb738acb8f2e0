import { Injectable } from '@nestjs/common';

import { type EntityManager } from '#database';
import { ClusterWork, type KnownRun } from '#deployments';
import { type KnownRuntimes } from '#packing';
import { kindsOf, mostAlike, RuntimeLearning, secondsOf } from '#runtimes';
import { type CurrentSnapshot } from '#scheduler';

import { StartPredictions } from './start-predictions.js';

/** What runs, and what waits, is known one by one up to this number; the rest runs as declared, or as the oldest of its shape. */
const MAX_RUNS = 5_000;

/** What likely starts are made from. */
export interface LikelyBasis {
  readonly known: KnownRuntimes;
  /** How wrong the latest forecasts in the cluster were. */
  readonly errors: readonly number[];
}

/** Nothing is known. */
export const NO_BASIS: LikelyBasis = { known: { histories: [], running: [], waiting: new Map() }, errors: [] };

/** Reads what was learned of everything that a snapshot shows, and how wrong forecasts were. */
@Injectable()
export class LikelyBasisReader {
  constructor(
    private readonly work: ClusterWork,
    private readonly runtimes: RuntimeLearning,
    private readonly predictions: StartPredictions,
  ) {}

  /** In the transaction that has read the snapshot. */
  async read(tx: EntityManager, present: CurrentSnapshot): Promise<LikelyBasis> {
    return { known: await this.known(tx, present), errors: await this.predictions.errors(tx, present) };
  }

  private async known(tx: EntityManager, present: CurrentSnapshot): Promise<KnownRuntimes> {
    const heads = present.snapshot.waiting.flatMap(({ oldest, followers = [] }) => [oldest, ...followers]);
    const ids = heads.slice(0, MAX_RUNS).map(({ id }) => id);
    const [holding, waiting] = [
      await this.work.runsThatHold(tx, present, MAX_RUNS),
      await this.work.runsOf(tx, present, ids),
    ];
    const kinds = new Set([...holding, ...waiting].flatMap((run) => kindsOf(run)));
    const learned = await this.runtimes.runsOf(tx, present.clusterId, [...kinds]);
    const histories = new Histories(learned);
    const members = new Map<string, { sinceMs: number; history: number }[]>();
    for (const run of holding) {
      const known = { sinceMs: run.sinceMs, history: histories.of(run) };
      for (const key of [run.id, groupOf(run)]) members.set(key, [...(members.get(key) ?? []), known]);
    }
    return {
      running: present.holding.map((group) => members.get('id' in group ? group.id : groupOf(group)) ?? []),
      waiting: new Map(waiting.map((run) => [run.id, histories.of(run)])),
      histories: histories.lists,
    };
  }
}

/** Lists of seconds, one for each kind of run. */
class Histories {
  readonly lists: number[][] = [];
  private readonly known = new Map<string, number>();

  constructor(private readonly learned: ReadonlyMap<string, readonly number[]>) {}

  of(run: KnownRun): number {
    const [full] = kindsOf(run);
    const known = this.known.get(full);
    if (known !== undefined) return known;
    const runs = mostAlike(run, (kind) => this.learned.get(kind));
    const index = this.lists.push(runs.map((one) => secondsOf(one, run.maxRuntimeSeconds))) - 1;
    this.known.set(full, index);
    return index;
  }
}

function groupOf(group: {
  readonly priority: number;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
  readonly endsAtMs: number | null;
}): string {
  return [group.priority, group.cpuMillis, group.memoryMib, group.gpuMillis, group.endsAtMs].join(' ');
}
