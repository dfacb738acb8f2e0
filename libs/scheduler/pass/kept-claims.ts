import { type Claim, keyOf, type Plan, type Snapshot } from '#packing';

/**
 * The claims that stand after a pass: those of its plan; where nothing may start, which plans tell of none, those of before, as many of each as wait.
 * What was freed for somebody is still that one's when a cordon ends.
 */
export function claimsAfter(
  plan: Pick<Plan, 'claims'>,
  { isCordoned, waiting, claims = [] }: Pick<Snapshot, 'isCordoned' | 'waiting' | 'claims'>,
): readonly Claim[] {
  if (!isCordoned) return plan.claims;
  const left = new Map(waiting.map((shape) => [keyOf(shape), shape.count]));
  return claims.flatMap((claim) => {
    const key = keyOf(claim);
    const count = Math.min(claim.count, left.get(key) ?? 0);
    left.set(key, (left.get(key) ?? 0) - count);
    return count > 0 ? [{ ...claim, count }] : [];
  });
}
