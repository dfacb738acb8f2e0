import { buildProgram } from '../planning/build-program.js';
import { toRow } from '../rows.js';
import type { Program } from '../solver/program.js';
import type { Snapshot } from '../types.js';

/** The integer program of what waits on an empty cluster. */
export function programOf({ waiting, capacity }: Pick<Snapshot, 'waiting' | 'capacity'>): Program {
  const counts = Float64Array.from(waiting, ({ count }) => count);
  const available = toRow(capacity);
  return buildProgram(
    {
      waiting,
      shapes: [...waiting.keys()],
      counts,
      slices: new Int32Array(waiting.length),
      candidates: [],
      reserved: [],
      weights: null,
    },
    { capacity: available, available, beside: null },
  );
}
