// The same integer program, solved independently by HiGHS: one problem per level, with the counts of all levels above as equations.
import loadHighs from 'highs';

const RESOURCES = ['cpuMillis', 'memoryMib', 'gpuMillis'];

/** A HiGHS instance aborts for good after some internal failures; a new one is loaded then. */
let highs = await loadHighs();

/** Merges what is interchangeable, leaves out what cannot fit at all, and sorts by priority. */
function classesOf(problem) {
  const classes = new Map();
  for (const { priority, request, count } of problem.waiting) {
    if (RESOURCES.some((resource) => request[resource] > problem.capacity[resource])) continue;
    const key = `${priority}/${RESOURCES.map((resource) => request[resource]).join('/')}`;
    const known = classes.get(key);
    if (known) known.count += count;
    else classes.set(key, { priority, request, count });
  }
  return [...classes.values()].sort((a, b) => b.priority - a.priority);
}

const sum = (terms) => (terms.length === 0 ? '0 x0' : terms.join(' + ').replaceAll('+ -', '- '));

function writeProblem(classes, capacity, placed, objective) {
  const lines = [
    'Maximize',
    ` obj: ${sum(classes.map((entry, index) => `${objective(entry)} x${index}`).filter((term) => !term.startsWith('0 ')))}`,
    'Subject To',
  ];
  for (const resource of RESOURCES) {
    const terms = classes.flatMap(({ request }, index) =>
      request[resource] > 0 ? [`${request[resource]} x${index}`] : [],
    );
    if (terms.length > 0) lines.push(` ${resource}: ${sum(terms)} <= ${capacity[resource]}`);
  }
  for (const [priority, count] of placed) {
    const terms = classes.flatMap((entry, index) => (entry.priority === priority ? [`1 x${index}`] : []));
    if (terms.length > 0) lines.push(` level${priority}: ${sum(terms)} = ${count}`);
  }
  lines.push('Bounds', ...classes.map(({ count }, index) => ` 0 <= x${index} <= ${count}`));
  lines.push('General', ...classes.map((_, index) => ` x${index}`), 'End');
  return lines.join('\n');
}

async function solve(text, seconds) {
  const options = { time_limit: seconds, mip_rel_gap: 0, mip_abs_gap: 0.5, output_flag: false };
  const start = performance.now();
  try {
    const result = highs.solve(text, options);
    return { result, ms: performance.now() - start };
  } catch (error) {
    highs = await loadHighs();
    return { result: { Status: String(error) }, ms: performance.now() - start };
  }
}

/**
 * Counts per level by HiGHS, highest priority first.
 *
 * `isProven`: every level was proven optimal; it stops at the first that is not. `ms` counts solving alone, not writing the problem.
 */
export async function solveCounts(problem, seconds = 60) {
  const classes = classesOf(problem);
  const placed = new Map();
  let ms = 0;
  for (const priority of [...new Set(problem.waiting.map((shape) => shape.priority))].sort((a, b) => b - a)) {
    const relevant = classes.filter((entry) => entry.priority >= priority);
    if (!relevant.some((entry) => entry.priority === priority)) {
      placed.set(priority, 0);
      continue;
    }
    const text = writeProblem(relevant, problem.capacity, placed, (entry) => (entry.priority === priority ? 1 : 0));
    const { result, ms: took } = await solve(text, Math.max(0.01, seconds - ms / 1000));
    ms += took;
    if (result.Status !== 'Optimal') return { isProven: false, levels: [...placed], ms };
    placed.set(priority, Math.round(result.ObjectiveValue));
  }
  return { isProven: true, levels: [...placed], ms };
}

/** The best sum of shares that HiGHS finds with the given counts. */
export async function solveUtilization(problem, levels, seconds = 10) {
  const classes = classesOf(problem);
  const { capacity } = problem;
  const weight = ({ request }) =>
    RESOURCES.reduce((total, name) => total + (capacity[name] > 0 ? request[name] / capacity[name] : 0), 0) * 1e6;
  const text = writeProblem(classes, capacity, new Map(levels), (entry) => weight(entry).toFixed(9));
  const { result, ms } = await solve(text, seconds);
  const value = result.ObjectiveValue === undefined ? null : result.ObjectiveValue / 1e6;
  return { value, status: result.Status, ms };
}
