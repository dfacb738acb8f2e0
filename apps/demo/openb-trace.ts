import { type Order } from './order.js';
import { ResourceVector } from './resources.js';
import { Stop } from './stop.js';

const COLUMNS = ['name', 'cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli'] as const;

type Column = (typeof COLUMNS)[number] | 'qos';

const PRIORITY_BY_QOS: Readonly<Record<string, number>> = { Guaranteed: 3, LS: 2, Burstable: 1, BE: 0 };

const WHOLE_GPU = 1_000;

/** The most that the API takes of each resource. */
const MAX_REQUEST = 1_000_000_000;

/**
 * Reads a pod list in the openb format: comma-separated, with a header line that names the columns, in any order; further columns do
 * not matter.
 *
 * Priorities come from `qos`. A list without that column gets them from what a pod asks for, roughly as the two go together in the lists
 * that have both: whole GPUs 2, no GPU 1, a part of one 0.
 *
 * @throws Stop that names file, line and column of what is no such list
 */
export function parseOpenbTrace(text: string, file: string, limit = Infinity): Order[] {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim());
  const missing = COLUMNS.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new Stop(`${file} is not a pod list in the openb format: it has no column ${missing.join(', ')}`, 2);
  }
  const hasQos = names.includes('qos');
  const orders: Order[] = [];
  for (const [index, line] of lines.entries()) {
    if (orders.length >= limit) break;
    if (line.trim() === '') continue;
    const cells = line.split(',');
    orders.push(
      orderOf({ where: `${file}, line ${index + 2}`, hasQos, cell: (column) => cells[names.indexOf(column)]?.trim() }),
    );
  }
  if (orders.length === 0) throw new Stop(`${file} lists no pods`, 2);
  return orders;
}

interface Line {
  readonly where: string;
  readonly hasQos: boolean;
  readonly cell: (column: Column) => string | undefined;
}

function orderOf(line: Line): Order {
  const devices = wholeNumber(line, 'num_gpu');
  // With several devices each is taken whole; `gpu_milli` says how much of a single one.
  const gpuMillis = devices > 1 ? devices * WHOLE_GPU : devices * wholeNumber(line, 'gpu_milli');
  const request = ResourceVector.of({
    cpuMillis: wholeNumber(line, 'cpu_milli'),
    memoryMib: wholeNumber(line, 'memory_mib'),
    gpuMillis,
  });
  if (request.isZero) throw new Stop(`${line.where}: the pod asks for nothing`, 2);
  return { name: line.cell('name') ?? '', request, priority: priorityOf(line, gpuMillis) };
}

function priorityOf({ where, hasQos, cell }: Line, gpuMillis: number): number {
  if (!hasQos) {
    if (gpuMillis >= WHOLE_GPU) return 2;
    return gpuMillis === 0 ? 1 : 0;
  }
  const qos = cell('qos') ?? '';
  const priority = PRIORITY_BY_QOS[qos];
  if (priority === undefined) {
    throw new Stop(`${where}: qos is ${Object.keys(PRIORITY_BY_QOS).join(', ')}, not ${qos || 'empty'}`, 2);
  }
  return priority;
}

/** An empty cell counts as zero: lists leave `gpu_milli` empty where there is no GPU. */
function wholeNumber({ where, cell }: Line, column: Column): number {
  const text = cell(column);
  const value = text === '' ? 0 : Number(text);
  if (text !== undefined && /^\d*$/.test(text) && value <= MAX_REQUEST) return value;
  throw new Stop(`${where}: ${column} must be a whole number up to ${MAX_REQUEST}, not ${text ?? 'missing'}`, 2);
}
