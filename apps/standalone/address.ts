import { isIPv6 } from 'node:net';

import { isFree } from './services/ports.js';
import { Stop } from './services/stop.js';

/** Where the API listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** For clients on this machine. */
  readonly url: string;
}

const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
/** How many ports after the usual one are tried when nobody asked for a particular one. */
const ALTERNATIVES = 100;
/** A machine with ten times the work that it can do was seen to need half a minute. */
const READY_WAIT_MS = 180_000;

/**
 * Chooses the API's port. One that was set is taken or nothing is: clients were told it. The default gives way to the
 * next free one when another program has it.
 *
 * @param wasSet whether somebody asked for this port
 * @throws Stop when that one is taken
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

/** Waits until the API says that it is ready. @throws Stop when it does not within three minutes */
export async function ready(address: Address, signal: AbortSignal): Promise<void> {
  const until = performance.now() + READY_WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const problem = await problemOf(address, signal);
    if (problem === undefined) {
      return;
    }
    if (performance.now() > until) {
      throw new Stop(`The API is not ready after three minutes: ${problem}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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
