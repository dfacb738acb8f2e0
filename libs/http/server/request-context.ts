import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';

/** The current request, for logs and the audit log. */
export interface RequestContext {
  readonly requestId: string;
  /** The client's address, through trusted proxies only. */
  readonly ip: string;
  /** At most 256 characters. */
  readonly userAgent: string | undefined;
  /** Ids for the request's log line: `userId`, `organizationId`. Never a secret. */
  readonly logged: Record<string, string>;
  /** The signal that the client's connection has closed before the answer was complete. */
  readonly whenClosed: () => AbortSignal;
}

/** The signal of work that no client waits for. */
const NEVER = new AbortController().signal;

const storage = new AsyncLocalStorage<RequestContext>();

/** The current request; undefined outside of one. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** Runs the rest of a request in its context. */
export function runInRequest(context: RequestContext, run: () => void): void {
  storage.run(context, run);
}

/** Runs work that a request has caused in another process: its log lines have the request's id. Without an id, only runs it. */
export function runOnBehalfOf<T>(requestId: string | undefined, run: () => T): T {
  if (requestId === undefined) return run();
  return storage.run({ requestId, ip: '', userAgent: undefined, logged: {}, whenClosed: () => NEVER }, run);
}

/** The signal of a response's connection, made when it is first asked for. */
export function closingOf(response: ServerResponse): () => AbortSignal {
  let closing: AbortController | undefined;
  return () => {
    if (closing !== undefined) return closing.signal;
    const made = new AbortController();
    const close = (): void => {
      if (!response.writableFinished) made.abort();
    };
    if (response.closed) close();
    else response.once('close', close);
    closing = made;
    return made.signal;
  };
}
