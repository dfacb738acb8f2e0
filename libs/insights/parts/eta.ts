import { type LikelyRange, type NoForecast } from '#packing';

/** When a deployment starts, as far as declared runtimes say. */
export interface EtaView {
  readonly atMs: number | null;
  /** When it is likely to start, as moments; null: too little is known. */
  readonly likely: LikelyRange | null;
  readonly reason: NoForecast | 'retrying' | null;
  /** Nothing is known from then on; null: the forecast was not cut. */
  readonly horizonMs: number | null;
}
