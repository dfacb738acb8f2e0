import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Program, SERVER_ENVIRONMENT, stopPlanOf } from './program.js';
import { Stop } from './stop.js';
import type { SystemUser } from './system-user.js';

const READY_WAIT_MS = 60_000;

/**
 * A Redis for us alone: on the loopback address, behind a password, and keeping nothing on disk. It carries nudges and
 * rate limits; what it forgets, the sweep finds again in PostgreSQL. `noeviction`, because Bull's keys must not vanish
 * one by one.
 */
export function redisProgram(command: string, port: number, password: string, user: SystemUser | undefined): Program {
  const configuration = [
    'bind 127.0.0.1',
    `port ${String(port)}`,
    `requirepass ${password}`,
    'databases 64',
    'maxmemory-policy noeviction',
    'appendonly no',
    'save ""',
    'daemonize no',
    'dir /',
  ];
  return {
    name: 'redis',
    command,
    args: ['-'],
    env: SERVER_ENVIRONMENT,
    cwd: '/',
    user,
    // By stdin and not by arguments: other users can read those.
    input: `${configuration.join('\n')}\n`,
    stop: stopPlanOf('redis'),
  };
}

/** The address of our own Redis. */
export function redisUrl(port: number, password: string): string {
  return `redis://:${password}@127.0.0.1:${String(port)}`;
}

/** Waits until our own Redis answers. @throws Stop when it never does */
export async function redisAnswers(port: number, password: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + READY_WAIT_MS;
  while (!(await ping(port, password))) {
    signal.throwIfAborted();
    if (performance.now() > until) {
      throw new Stop('Redis does not answer.');
    }
    await sleep(20);
  }
}

function ping(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1000 });
    const answer = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    let received = '';
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (received.includes('+PONG')) answer(true);
    });
    for (const event of ['error', 'timeout', 'close']) {
      socket.on(event, () => {
        answer(false);
      });
    }
  });
}
