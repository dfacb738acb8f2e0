// Ratios of paired rounds: their median, and a 90% interval of it.

/** The median of numbers. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * An interval that holds the median of `values` with a chance of at least 90%, by order statistics: the chance that the true median lies below the k-th smallest value is
 * that of fewer than k heads in n throws of a coin. With fewer than 5 values no such interval exists, and the extremes are returned.
 */
export function interval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  let outside = 0;
  let throws = 2 ** -sorted.length;
  let k = 0;
  while (outside + throws <= 0.05) {
    outside += throws;
    throws = (throws * (sorted.length - k)) / (k + 1);
    k++;
  }
  const first = Math.max(0, k - 1);
  return [sorted[first], sorted[sorted.length - 1 - first]];
}
