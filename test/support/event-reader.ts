import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

import { withClient } from './database.js';
import { type SharedInstallation } from './shared-installation.js';
import { eventually } from './wait.js';

/** A message of a stream. */
export interface Message {
  readonly id: string | undefined;
  readonly type: string;
  /** Parsed. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Every stream has a connection of its own, as in a browser. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

/** Follows a stream of server-sent events as a browser does, but says what it hears, and can stop reading. */
export class EventReader {
  readonly messages: Message[] = [];
  /** Lines that are no message: comments, and `retry`. */
  readonly asides: string[] = [];
  /** The last id that was heard, with or without a message. */
  lastId: string | undefined;
  isEnded = false;
  private rest = '';

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('error', () => undefined);
    response.on('close', () => (this.isEnded = true));
  }

  /** @throws Error when it is refused, with status and body */
  static async open(url: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<EventReader> {
    const sent = request(url, {
      agent,
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...headers },
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    if (response.statusCode === 200) return new EventReader(response);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    throw new Error(`${String(response.statusCode)} ${Buffer.concat(chunks).toString()}`);
  }

  get contentType(): string | undefined {
    return this.response.headers['content-type'];
  }

  get data(): Message['data'][] {
    return this.messages.map(({ data }) => data);
  }

  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  /** Is gone, as by a cut cable. */
  close(): void {
    this.response.destroy();
  }

  /** Waits for this many messages. */
  async until(count: number, timeoutMs = 30_000): Promise<Message[]> {
    await eventually(
      () => Promise.resolve(this.messages.length),
      (heard) => heard >= count,
      timeoutMs,
    );
    return this.messages;
  }

  /** Waits until the stream has ended. */
  async untilEnded(timeoutMs = 30_000): Promise<Message[]> {
    await eventually(
      () => Promise.resolve(this.isEnded),
      (isEnded) => isEnded,
      timeoutMs,
    );
    return this.messages;
  }

  private take(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) this.hear(block.split('\n'));
  }

  private hear(lines: readonly string[]): void {
    const valueOf = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const id = valueOf('id');
    const data = valueOf('data');
    this.lastId = id ?? this.lastId;
    this.asides.push(...lines.filter((line) => line.startsWith(':') || line.startsWith('retry')));
    if (data === undefined) return;
    this.messages.push({ id, type: valueOf('event') ?? 'message', data: JSON.parse(data) as Message['data'] });
  }
}

/**
 * Follows events from now on, and is there when it has its place among them. Nothing that happened before is told: what is held back, because an older
 * transaction is open, is waited for.
 */
export async function followFromNow(
  stowage: Pick<SharedInstallation, 'client' | 'database'>,
  path: string,
  token: string,
  url = stowage.client.url,
): Promise<EventReader> {
  await eventually(
    () =>
      withClient(stowage.database.url, async (client) => {
        const { rows } = await client.query<{ held: number }>(
          'select count(*)::int as held from deployment_events where stamp >= pg_snapshot_xmin(pg_current_snapshot())',
        );
        return rows[0]?.held;
      }),
    (held) => held === 0,
  );
  const reader = await EventReader.open(`${url}${path}`, token);
  await eventually(
    () => Promise.resolve(reader.lastId),
    (id) => id !== undefined,
  );
  return reader;
}
