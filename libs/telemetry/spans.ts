import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** Properties of a span at its start. Never a secret or text of a tenant. */
export interface SpanFacts {
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: Attributes;
}

/** The identity of a trace between processes: W3C `traceparent` and `tracestate`. */
export type TraceCarrier = Readonly<Record<string, string>>;

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

let isOn = false;

/** Turns spans on or off. Called where tracing starts and stops. */
export function switchSpans(to: boolean): void {
  isOn = to;
}

/** Runs work in a span of its own. While tracing is off, only calls `work`. */
export async function inSpan<T>(name: string, facts: () => SpanFacts, work: () => Promise<T>): Promise<T> {
  if (!isOn) return work();
  const { kind = 'internal', attributes = {} } = facts();
  return trace.getTracer('stowage').startActiveSpan(name, { kind: KINDS[kind], attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function fail(span: Span, error: unknown): void {
  // Messages of the database may quote tenant data: only the class is recorded.
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
}

/** A span that ends in another function than it began. */
export interface OpenSpan {
  /** @param isFault whether the work failed by a fault of ours */
  end(attributes: Attributes, isFault: boolean): void;
}

/** Begins a span, within the caller's trace if there is one, and calls `run` in it. @returns undefined while tracing is off */
export function openSpan(
  name: string,
  { kind = 'internal', attributes = {} }: SpanFacts,
  caller: Readonly<Record<string, unknown>>,
  run: () => void,
): OpenSpan | undefined {
  if (!isOn) {
    run();
    return undefined;
  }
  const parent = propagation.extract(context.active(), caller);
  const span = trace.getTracer('stowage').startSpan(name, { kind: KINDS[kind], attributes }, parent);
  context.with(trace.setSpan(parent, span), run);
  return {
    end: (more, isFault) => {
      span.setAttributes(more);
      if (isFault) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** The current trace, to be continued in another process; undefined while there is none. */
export function carry(): TraceCarrier | undefined {
  if (!isOn || trace.getActiveSpan() === undefined) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Runs work within a trace that began in another process. */
export function continueFrom<T>(carrier: TraceCarrier | undefined, work: () => T): T {
  if (!isOn || carrier === undefined) return work();
  return context.with(propagation.extract(context.active(), carrier), work);
}
