import { type LevelCertificate } from '#packing';

/** The proof that goes with a plan, as a pass records it. */
export interface PassCertificate {
  readonly optimal: boolean;
  readonly stopped: 'none' | 'budget' | 'deadline';
  readonly steps: number;
  readonly levels: readonly LevelCertificate[];
  readonly utilization: { readonly value: number; readonly upperBound: number };
}

/** How long each stage of a pass took, in milliseconds. */
export interface PassDurations {
  readonly settle: number;
  readonly snapshot: number;
  readonly plan: number;
  readonly apply: number;
}
