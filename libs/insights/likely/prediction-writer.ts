import { Injectable } from '@nestjs/common';

import { Database } from '#database';
import { likelyRange, type QueuePosition, type Snapshot } from '#packing';
import { type ClusterRef } from '#queue';
import { AfterPassQueue, BackgroundPlannerPool, type PassResult, plannerTask, PresentSnapshots } from '#scheduler';

import type { foresee } from './forecast.task.js';
import { LikelyBasisReader } from './likely-basis.js';
import { type StartPrediction, StartPredictions } from './start-predictions.js';

const FORESEE = plannerTask<typeof foresee>(new URL('./forecast.task.js', import.meta.url), 'foresee');

/** One cluster's forecasts are recorded this often at most, and this number of them: the table stays small, and workers stay free. */
const EVERY_MS = 600_000;
const AT_ONCE = 4;

/** Names of each shape: enough to play the future of most queues to its end. */
const NAMES = 2_000;

const FORECAST_MS = 2_000;

/**
 * Records what is forecast of the newest in a queue, and later when they started: ranges of likely starts are made from that, and a page
 * shows how right forecasts are. Works after passes, never in their transactions or threads.
 */
@Injectable()
export class PredictionWriter {
  /** Tests record at each pass. */
  protected readonly everyMs: number = EVERY_MS;
  private readonly recordedMs = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly present: PresentSnapshots,
    private readonly basis: LikelyBasisReader,
    private readonly predictions: StartPredictions,
    private readonly planner: BackgroundPlannerPool,
    afterPass: AfterPassQueue,
  ) {
    afterPass.add({ name: 'the record of likely starts', handle: (result, signal) => this.note(result, signal) });
  }

  /** Notes the starts that came, and once in a while what is forecast of the newest that wait. */
  async note({ pass, snapshot, plan }: PassResult, signal: AbortSignal): Promise<void> {
    await this.predictions.settle(this.database.reader(), pass);
    const waiting = snapshot.waiting.reduce((sum, { count }) => sum + count, 0);
    const placed = plan.place.reduce((sum, { count }) => sum + count, 0);
    const last = this.recordedMs.get(pass.clusterId) ?? -Infinity;
    if (waiting === placed || performance.now() - last < this.everyMs) return;
    this.recordedMs.set(pass.clusterId, performance.now());
    await this.predict(pass, signal);
  }

  private async predict(cluster: ClusterRef, signal: AbortSignal): Promise<void> {
    const { organizationId, clusterId } = cluster;
    const { snapshot, known, errors } = await this.present.read(
      { organizationId, clusterId, names: NAMES },
      async (tx, present) => ({ snapshot: present.snapshot, ...(await this.basis.read(tx, present)) }),
    );
    const positions = newest(snapshot);
    const asked = { snapshot, positions, known, forecastMs: FORECAST_MS, likelyMs: FORECAST_MS };
    const { forecast, likely } = await this.planner.ask(FORESEE, asked, { signal, budgetMs: 2 * FORECAST_MS });
    const made = positions.flatMap(({ id }, index): StartPrediction[] => {
      const [wait, atMs] = [likely[index] ?? null, forecast.etas[index]?.atMs ?? null];
      const latestMs = atMs === null ? null : atMs - snapshot.nowMs;
      return wait === null ? [] : [{ deploymentId: id, latestMs, likely: likelyRange(wait, errors) }];
    });
    if (made.length > 0) await this.predictions.record(this.database.reader(), cluster, snapshot.nowMs, made);
  }
}

/** The last that came, as far as the snapshot names them. */
function newest({ waiting }: Snapshot): QueuePosition[] {
  const named = waiting.flatMap(({ oldest, followers = [] }, shape) =>
    [oldest, ...followers].map((head, older) => ({ ...head, shape, older })),
  );
  return named.sort((a, b) => b.queuedAtMs - a.queuedAtMs || (a.id < b.id ? -1 : 1)).slice(0, AT_ONCE);
}
