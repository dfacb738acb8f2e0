/** How thoroughly a run tests properties: `npm test` sets it, scripts/lib/depth.mjs decides. */
const SHARES: Readonly<Record<string, number>> = { third: 1 / 3, full: 1, tenfold: 10 };

/**
 * How many random cases a test draws: `full` of them in the deep run (CI, and where a folder changed that the property is about), a third
 * elsewhere, ten times as many by `npm run test:deep`.
 */
export function cases(full: number): number {
  return Math.ceil(full * (SHARES[process.env['STOWAGE_TEST_DEPTH'] ?? 'third'] ?? 1));
}
