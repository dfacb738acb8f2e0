import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often each API's readiness is checked: real load balancers check every half second or less often. */
const CHECK_MS = 250;

/**
 * The plainest load balancer: checks the readiness of each API, forwards requests to ready ones in turn, and repeats none.
 * It counts everything that a client would notice of a restart.
 */
export class LoadBalancer {
  /** Requests that got no answer, or one of 500 and above. */
  readonly failures: string[] = [];
  answered = 0;
  private ready: readonly number[] = [];
  private next = 0;
  private isOver = false;
  private readonly checking: Promise<void>;
  private readonly server: Server;

  private constructor(private readonly ports: readonly number[]) {
    this.server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));
    this.checking = this.check();
  }

  static async start(ports: readonly number[]): Promise<LoadBalancer> {
    const balancer = new LoadBalancer(ports);
    balancer.server.listen(0, '127.0.0.1');
    await once(balancer.server, 'listening');
    while (balancer.ready.length < ports.length) await sleep(20);
    return balancer;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.checking;
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Waits until it has seen that an API is ready. */
  async hasSeen(port: number): Promise<void> {
    while (!this.ready.includes(port)) await sleep(20);
  }

  private async check(): Promise<void> {
    while (!this.isOver) {
      const answers = await Promise.all(
        this.ports.map(async (port) => {
          const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
          await answer?.arrayBuffer();
          return answer?.status === 200;
        }),
      );
      this.ready = this.ports.filter((_port, index) => answers[index]);
      await sleep(CHECK_MS);
    }
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const port = this.ready[(this.next += 1) % this.ready.length];
    const { method, url: path, headers } = incoming;
    const fail = (reason: string): void => {
      this.failures.push(`${method ?? ''} ${path ?? ''} at ${port ?? 'no API'}: ${reason}`);
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    };
    if (port === undefined) {
      fail('no API is ready');
      return;
    }
    const upstream = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      this.answered += 1;
      const { statusCode = 0 } = answer;
      if (statusCode >= 500) this.failures.push(`${method ?? ''} ${path ?? ''} at ${port}: ${statusCode}`);
      // The client's connection and the one to the API close independently.
      const { connection: _, ...rest } = answer.headers;
      outgoing.writeHead(statusCode, rest);
      answer.on('error', (error) => fail(error.message));
      answer.pipe(outgoing);
    });
    upstream.on('error', (error) => fail(error.message));
    incoming.pipe(upstream);
  }
}
