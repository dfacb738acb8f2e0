/** Returns a function that is true once this time is over. */
export function timeBudget(budgetMs: number): () => boolean {
  const endMs = performance.now() + budgetMs;
  return () => performance.now() >= endMs;
}
