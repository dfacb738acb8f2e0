import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** What is known of a span when it begins. Never a secret, never what a tenant wrote. */
export interface SpanFacts {
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes?: Attributes;
}

/** A trace's identity, as it goes from process to process: W3C `traceparent` and `tracestate`. */
export type TraceCarrier = Readonly<Record<string, string>>;

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

let isOn = false;

/** Spans are made from now on, or no more. For whoever starts and stops tracing. */
export function switchSpans(to: boolean): void {
  isOn = to;
}

/** Does some work in a span of its own. While tracing is off this is a call of `work` and nothing else. */
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
  // Messages of the database may quote what somebody wrote: the class says enough.
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
}

/** A span that ends elsewhere than where it began. */
export interface OpenSpan {
  /** @param isFault whether what it stands for went wrong by our own doing */
  end(attributes: Attributes, isFault: boolean): void;
}

/** Begins a span, as part of a trace that a caller may have begun, and runs the rest in it. Undefined while tracing is off. */
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

/** The present trace, to be continued elsewhere; undefined while there is none. */
export function carry(): TraceCarrier | undefined {
  if (!isOn || trace.getActiveSpan() === undefined) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Does some work as part of a trace that began elsewhere. */
export function continueFrom<T>(carrier: TraceCarrier | undefined, work: () => T): T {
  if (!isOn || carrier === undefined) return work();
  return context.with(propagation.extract(context.active(), carrier), work);
}
