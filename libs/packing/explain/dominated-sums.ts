/** Amounts of the three resources. */
export type Point = readonly [number, number, number];

/** A point, and how much it counts. */
export interface WeightedPoint {
  readonly at: Point;
  readonly weight: number;
}

/** Points within a box; the box is as small as they allow. */
interface Node {
  readonly low: Point;
  readonly high: Point;
  readonly weight: number;
  readonly points: readonly WeightedPoint[];
  /** The axis by which its points are split, if it has several. */
  readonly axis: number;
  parts: readonly [Node, Node] | null;
}

/**
 * Sums the weights of the points that are at most `limit` in every coordinate. A k-d tree, which grows where sums need it: a sum visits about
 * `points ** (2 / 3)` boxes.
 */
export function dominatedSums(points: readonly WeightedPoint[]): (limit: Point) => number {
  const root = points.length === 0 ? null : nodeOf(points, 0);
  return (limit) => (root === null ? 0 : sumBelow(root, limit));
}

function sumBelow(node: Node, limit: Point): number {
  if (isAtMost(node.high, limit)) return node.weight;
  if (!isAtMost(node.low, limit)) return 0;
  // The two corners differ, so that there are points to split.
  node.parts ??= split(node);
  return sumBelow(node.parts[0], limit) + sumBelow(node.parts[1], limit);
}

function isAtMost(a: Point, b: Point): boolean {
  return a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2];
}

function split({ points, axis }: Node): [Node, Node] {
  const sorted = points.toSorted((a, b) => a.at[axis]! - b.at[axis]!);
  const middle = sorted.length >> 1;
  return [nodeOf(sorted.slice(0, middle), axis + 1), nodeOf(sorted.slice(middle), axis + 1)];
}

/** Splits next by the first axis, from this one on, in which the points differ. */
function nodeOf(points: readonly WeightedPoint[], from: number): Node {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  let weight = 0;
  for (const one of points) {
    weight += one.weight;
    for (let row = 0; row < 3; row++) {
      low[row] = Math.min(low[row]!, one.at[row]!);
      high[row] = Math.max(high[row]!, one.at[row]!);
    }
  }
  const axes = [from % 3, (from + 1) % 3, (from + 2) % 3];
  const axis = axes.find((row) => low[row] !== high[row]) ?? 0;
  return { low, high, weight, points, axis, parts: null };
}
