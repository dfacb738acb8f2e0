import { isIPv6 } from 'node:net';

import { isFree } from './services/ports.js';
import { Stop } from './services/stop.js';
import { until } from './services/until.js';

/** Where the API listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** For clients on this machine. */
  readonly url: string;
}

const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
/** The number of ports that are tried after the default one. */
const ALTERNATIVES = 100;
/** A machine with a load of ten times its cores needed half a minute. */
const READY_WAIT_MS = 180_000;

/**
 * Chooses the API's port. A port that was set is never replaced: clients know it. Where another program has the default
 * port, the next free one is used.
 *
 * @param wasSet whether PORT was set
 * @throws Stop when that port is taken
 */
export async function chooseAddress(host: string, port: number, wasSet: boolean): Promise<Address> {
  if (wasSet && port !== 0) {
    if (!(await isFree(host, port))) {
      throw new Stop(
        `Port ${String(port)} on ${host} is taken. PORT was set, so no other is tried: free it or set another.`,
      );
    }
    return addressOf(host, port);
  }
  const first = port === 0 ? 3000 : port;
  for (let candidate = first; candidate < first + ALTERNATIVES; candidate++) {
    if (await isFree(host, candidate)) {
      return addressOf(host, candidate);
    }
  }
  throw new Stop(`No port from ${String(first)} to ${String(first + ALTERNATIVES - 1)} on ${host} is free: set PORT.`);
}

function addressOf(host: string, port: number): Address {
  const local = WILDCARDS[host] ?? host;
  return { host, port, url: `http://${isIPv6(local) ? `[${local}]` : local}:${String(port)}` };
}

/** Waits until the API is ready. @throws Stop after three minutes */
export async function ready(address: Address, signal: AbortSignal): Promise<void> {
  const problem = await until(() => problemOf(address, signal), { waitMs: READY_WAIT_MS, signal });
  if (problem !== undefined) throw new Stop(`The API is not ready after three minutes: ${problem}`);
}

async function problemOf(address: Address, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`${address.url}/health/ready`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]),
    });
    return response.status === 200 ? undefined : `${String(response.status)} ${await response.text()}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
