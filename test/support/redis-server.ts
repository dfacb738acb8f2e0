import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { Redis } from 'ioredis';

import { freePort } from './free-port.js';
import { eventually } from './wait.js';

/** A Redis of a test's own, without persistence, to be emptied, killed and started again as the test likes. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(private readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Starts it on the same port, empty. */
  async restart(): Promise<void> {
    const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
    this.child = spawn('redis-server', ['--port', String(this.port), ...options], { stdio: 'ignore' });
    await eventually(
      () => this.ask((redis) => redis.ping()).catch(String),
      (answer) => answer === 'PONG',
    );
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Removes everything in it. */
  async flushAll(): Promise<void> {
    await this.ask((redis) => redis.flushall());
  }

  private async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}
