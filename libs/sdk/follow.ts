import type { Event } from './generated/index.js';
import { errorOf } from './problem-error.js';
import { pause } from './transport.js';

/** Selects events, and the position to start from. */
export interface FollowOptions {
  /** The id of the last event that was seen: the iteration starts after it. {@link BEGINNING} for all; left out: from now on. */
  readonly lastEventId?: string;
  readonly clusterId?: string;
  readonly deploymentId?: string;
  /** Only events that led to one of these statuses. */
  readonly status?: readonly string[];
  /** Ends the iteration by its reason. */
  readonly signal?: AbortSignal;
}

/** Comes before every event. */
export const BEGINNING = '0-0';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** A message of a stream of server-sent events. */
interface Message {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

/**
 * Yields the events of an organization in their order, each once, without a gap: after a lost connection another one continues after the last
 * event. Ends only by `break`, the signal, or a refusal (`ProblemError`).
 */
export async function* followEvents(
  send: (request: Request, signal?: AbortSignal) => Promise<Response>,
  url: URL,
  { lastEventId, clusterId, deploymentId, status, signal }: FollowOptions,
): AsyncGenerator<Event, void, undefined> {
  for (const [name, value] of Object.entries({ clusterId, deploymentId, status: status?.join(',') })) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  let seen = lastEventId;
  for (let failures = 0; ; failures++) {
    try {
      for await (const message of messages(await open(send, url, seen, signal), signal)) {
        failures = 0;
        seen = message.id ?? seen;
        if (message.name === 'message' && message.data !== '') yield JSON.parse(message.data) as Event;
      }
    } catch (error) {
      // A lost connection fails by TypeError; any other error would meet the next connection too.
      if (!(error instanceof TypeError)) throw error;
    }
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), signal);
  }
}

async function open(
  send: (request: Request, signal?: AbortSignal) => Promise<Response>,
  url: URL,
  seen: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const headers = { accept: 'text/event-stream', ...(seen === undefined ? {} : { 'last-event-id': seen }) };
  const response = await send(new Request(url, { headers }), signal);
  if (!response.ok || response.body === null) throw errorOf(await response.json(), response);
  return response.body;
}

/**
 * The messages of a stream, each when it is complete. A message without data counts where it has an id: it says how far the stream has come.
 * The signal cancels the reader itself: see `untilAborted`.
 */
async function* messages(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Message, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const stop = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      text += value;
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop() ?? '';
      for (const block of blocks) yield parse(block);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await reader.cancel().catch(() => undefined);
  }
}

function parse(block: string): Message {
  const fields = block.split(/\r?\n/).map((line) => /^([^:]*):? ?(.*)$/.exec(line) ?? []);
  const valuesOf = (name: string): string[] =>
    fields.filter(([, key]) => key === name).map(([, , value]) => value ?? '');
  return { id: valuesOf('id').at(-1), name: valuesOf('event').at(-1) ?? 'message', data: valuesOf('data').join('\n') };
}
