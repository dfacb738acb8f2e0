export { LoopLag } from './loop-lag.js';
export { carry, continueFrom, inSpan, openSpan, type OpenSpan, type SpanFacts, type TraceCarrier } from './spans.js';
export { TelemetryModule } from './telemetry.module.js';
export { startTracing } from './tracing.js';
