import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A stand-in for PgBouncer in transaction mode with `ignore_startup_parameters = options`: it forwards a session without its options. */
export class StrippingPooler {
  private constructor(
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
    readonly url: string,
  ) {}

  static async before(url: string): Promise<StrippingPooler> {
    const target = new URL(url);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
      client.once('data', (startup: Buffer) => {
        upstream.write(withoutOptions(startup));
        client.pipe(upstream).pipe(client);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = new URL(url);
    own.port = String((server.address() as AddressInfo).port);
    own.hostname = '127.0.0.1';
    return new StrippingPooler(server, sockets, own.href);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** A startup message without the parameter `options`: its length, the version of the protocol, then names and values that end in a zero. */
function withoutOptions(startup: Buffer): Buffer {
  const words = startup.toString('utf8', 8, startup.length - 2).split('\0');
  const kept = words.filter((_, index) => words[index - (index % 2)] !== 'options');
  const body = Buffer.from(`${kept.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  startup.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
}
