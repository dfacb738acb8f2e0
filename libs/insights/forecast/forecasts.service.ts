import { Injectable } from '@nestjs/common';

import { type QueuePosition } from '#packing';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';
import { plannerTask, type CurrentSnapshot, CurrentSnapshotReader, PlannerClient } from '#scheduler';

import type { foresee } from '../likely/forecast.task.js';
import { LikelyBasisReader } from '../likely/likely-basis.js';
import { likelyStart, promisedTo } from '../likely/likely-view.js';
import { type EtaView } from '../parts/eta.js';

const FORESEE = plannerTask<typeof foresee>(new URL('../likely/forecast.task.js', import.meta.url), 'foresee');

/** When the first of a queue start. */
export interface ForecastView {
  readonly asOfMs: number;
  readonly horizonMs: number | null;
  readonly items: readonly (EtaView & { readonly id: string; readonly priority: number })[];
}

/** Names of each shape: enough to play the future of most queues to its end. */
const NAMES = 2_000;

/** The declared future is played for so long, and the drawn ones. */
const FORECAST_MS = 2_000;
const LIKELY_MS = 1_000;

/** Forecasts the starts of those who stand first in a queue. */
@Injectable()
export class ForecastsService {
  constructor(
    private readonly current: CurrentSnapshotReader,
    private readonly planner: PlannerClient,
    private readonly basis: LikelyBasisReader,
  ) {}

  /** @throws CLUSTERS.NOT_FOUND, PLANNING.BUSY */
  async read(actor: Actor, cluster: ClusterRef, limit: number): Promise<ForecastView> {
    const { present, known, errors } = await this.current.read(
      actor,
      { ...cluster, names: NAMES },
      async (tx, seen) => ({
        present: seen,
        ...(await this.basis.read(tx, seen)),
      }),
    );
    const { snapshot } = present;
    const positions = firstInLine(present, limit);
    const asked = { snapshot, positions, known, forecastMs: FORECAST_MS, likelyMs: LIKELY_MS };
    const { forecast, likely } = await this.planner.ask(actor, FORESEE, asked, FORECAST_MS + LIKELY_MS);
    const { etas, horizonMs } = forecast;
    return {
      asOfMs: snapshot.nowMs,
      horizonMs,
      items: positions.map(({ id, shape }, index) => {
        const eta = etas[index];
        const time =
          eta === undefined || eta.atMs === null
            ? { atMs: null, reason: eta?.reason ?? null }
            : { atMs: eta.atMs, reason: null };
        return {
          id,
          priority: snapshot.waiting[shape]?.priority ?? 0,
          ...time,
          likely: likelyStart(snapshot.nowMs, likely[index], errors, promisedTo(snapshot.reservations, id)),
          horizonMs,
        };
      }),
    };
  }
}

/** The first by priority, age and id. */
function firstInLine({ snapshot }: CurrentSnapshot, limit: number): QueuePosition[] {
  const line = snapshot.waiting.flatMap(({ priority, oldest, followers = [] }, shape) =>
    [oldest, ...followers].slice(0, limit).map((head, older) => ({ ...head, shape, older, priority })),
  );
  const byRank = line.sort((a, b) => b.priority - a.priority || a.queuedAtMs - b.queuedAtMs || (a.id < b.id ? -1 : 1));
  return byRank.slice(0, limit).map(({ id, queuedAtMs, shape, older }) => ({ id, queuedAtMs, shape, older }));
}
