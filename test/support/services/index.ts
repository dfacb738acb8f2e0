import { startThrowawayServices, type ThrowawayServices } from '../../../apps/standalone/services/throwaway.js';

export type { ThrowawayServices };

/**
 * A PostgreSQL and a Redis beside those of the run, for spec files that cut, kill or fill them.
 *
 * Costs about a second. Call `stop` when done.
 */
export function startServersOfOwn(): Promise<ThrowawayServices> {
  return startThrowawayServices('redis-server', new AbortController().signal);
}
