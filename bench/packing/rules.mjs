// What simpler schedulers do, on the same problems: go through the queue in a fixed order and start whatever fits.
const RESOURCES = ['cpuMillis', 'memoryMib', 'gpuMillis'];

const share = (request, capacity, resource) => (capacity[resource] > 0 ? request[resource] / capacity[resource] : 0);
const shares = (request, capacity) => RESOURCES.map((resource) => share(request, capacity, resource));

/** Rules by name; each compares two shapes of the same priority. */
export const RULES = {
  'priority, then first come': (a, b) => a.oldest.queuedAtMs - b.oldest.queuedAtMs,
  'priority, then smallest dominant share': (a, b, capacity) =>
    Math.max(...shares(a.request, capacity)) - Math.max(...shares(b.request, capacity)),
  'priority, then smallest sum of shares': (a, b, capacity) =>
    shares(a.request, capacity).reduce((x, y) => x + y) - shares(b.request, capacity).reduce((x, y) => x + y),
};

/** Starts per level, highest first, when each deployment that fits is started in the rule's order. `deployments` carry their arrival as `index`. */
export function byRule(deployments, capacity, compare) {
  const left = { ...capacity };
  const placed = new Map();
  const order = deployments.toSorted((a, b) => b.priority - a.priority || compare(a, b, capacity) || a.index - b.index);
  for (const { request, priority } of order) {
    if (!placed.has(priority)) placed.set(priority, 0);
    if (RESOURCES.some((resource) => request[resource] > left[resource])) continue;
    for (const resource of RESOURCES) left[resource] -= request[resource];
    placed.set(priority, placed.get(priority) + 1);
  }
  return [...placed.values()];
}
