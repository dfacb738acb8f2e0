import { type NoForecast } from '#packing';

/** When a deployment starts, as far as declared runtimes say. */
export interface EtaView {
  readonly atMs: number | null;
  readonly reason: NoForecast | 'retrying' | null;
  /** Nothing is known from then on; null: the forecast was not cut. */
  readonly horizonMs: number | null;
}
