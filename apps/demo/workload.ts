import { drawsOf, pick } from './draws.js';
import { type Order } from './order.js';
import { PUBLISHED_MIX } from './published-mix.js';
import { ResourceVector } from './resources.js';

/** How a deployment of the demo ends. */
export type Fate = 'succeeded' | 'failed' | 'cancelled';

/** An order with its fate, which is decided beforehand so that a run can be repeated. */
export interface Task {
  readonly order: Order;
  readonly fate: Fate;
  /** How long it runs, as a multiple of the average. */
  readonly pace: number;
}

/** What one cluster is to be given. */
export interface Load {
  readonly tasks: readonly Task[];
  readonly capacity: ResourceVector;
}

/** How many of a thousand fail, and how many their developer cancels. */
const FAILED_PER_MILLE = 30;
const CANCELLED_PER_MILLE = 20;

/** Runtimes are spread evenly between these multiples of the average. */
const SHORTEST_PACE = 0.5;
const LONGEST_PACE = 1.5;

/** No cluster is smaller than this, also when next to nothing is asked of it. */
const SMALLEST_CLUSTER = ResourceVector.of({ cpuMillis: 1_000, memoryMib: 1_024, gpuMillis: 0 });

/** As many orders as asked for, with the mix of shapes of the published trace. The same seed gives the same orders. */
export function generateOrders(seed: number, count: number): Order[] {
  const [first, ...others] = PUBLISHED_MIX;
  if (first === undefined) throw new Error('the published mix has no shapes');
  return Array.from({ length: count }, (_, index) => {
    const [draw] = drawsOf(seed, `shape ${index}`);
    const { priority, request } = pick([first, ...others], draw);
    return { name: `demo-${String(index).padStart(5, '0')}`, priority, request };
  });
}

/**
 * Deals orders to clusters, each of which gets its share by weight, decides their fates, and sizes every cluster so that it can hold
 * `fraction` of what is asked of it at once, and each single order in any case.
 *
 * @param weights one for each cluster, positive
 */
export function dealOrders(
  orders: readonly Order[],
  weights: readonly number[],
  { seed, fraction }: { readonly seed: number; readonly fraction: number },
): Load[] {
  const hands = weights.map((weight) => ({ weight, tasks: [] as Task[] }));
  const [first, ...others] = hands;
  if (first === undefined) return [];
  for (const [index, order] of orders.entries()) {
    const [place, fate, pace] = drawsOf(seed, `fate ${index}`);
    pick([first, ...others], place).tasks.push({
      order,
      fate: fateOf(fate * 1_000),
      pace: SHORTEST_PACE + (LONGEST_PACE - SHORTEST_PACE) * pace,
    });
  }
  return hands.map(({ tasks }) => ({
    tasks,
    capacity: capacityFor(
      tasks.map(({ order }) => order.request),
      fraction,
    ),
  }));
}

/** `fraction` of the sum of all requests, rounded up, but at least the largest of them in each resource. */
export function capacityFor(requests: readonly ResourceVector[], fraction: number): ResourceVector {
  const demand = ResourceVector.sum(requests);
  const largest = requests.reduce(
    (most, request) => ResourceVector.from((resource) => Math.max(most[resource], request[resource])),
    SMALLEST_CLUSTER,
  );
  return ResourceVector.from((resource) => Math.max(portion(demand[resource], fraction), largest[resource]));
}

function portion(amount: number, fraction: number): number {
  return Math.ceil(amount * fraction);
}

function fateOf(perMille: number): Fate {
  if (perMille < FAILED_PER_MILLE) return 'failed';
  return perMille < FAILED_PER_MILLE + CANCELLED_PER_MILLE ? 'cancelled' : 'succeeded';
}
