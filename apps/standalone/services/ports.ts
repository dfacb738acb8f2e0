import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

import { Stop } from './stop.js';

// Below the range from which Linux takes the ports of outgoing connections: one of those cannot take the port of a
// server that is just being restarted.
const FIRST = 20_000;
const LAST = 32_000;

/** Whether a server could listen there now. @throws Stop when the address is not one of this machine */
export async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    throw new Stop(`Nothing can listen on ${host}, port ${String(port)}: ${message}.`, 78);
  }
  await once(server.close(), 'close');
  return true;
}

/** A port on the loopback address that is free now. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(FIRST, LAST);
    if (await isFree('127.0.0.1', port)) {
      return port;
    }
  }
  throw new Stop(`No port between ${String(FIRST)} and ${String(LAST)} is free.`);
}
