/** How long each stage of a pass took, in milliseconds. */
export interface PassDurations {
  readonly settle: number;
  readonly snapshot: number;
  readonly plan: number;
  readonly apply: number;
}
