import { switchSpans } from './spans.js';

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}

let sdk: Sdk | undefined;

/**
 * Starts OpenTelemetry where the environment asks for it, by its standard variables (`OTEL_*`, which its SDK reads by itself). Not loaded
 * otherwise: tracing that is off costs nothing, not even memory.
 *
 * @param exporter the setting of `OTEL_TRACES_EXPORTER`
 * @param serviceName what the process is called unless `OTEL_SERVICE_NAME` says otherwise
 */
export async function startTracing(exporter: string, serviceName: string): Promise<void> {
  if (exporter === 'none') return;
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  sdk = new NodeSDK({ serviceName, instrumentations: [] });
  sdk.start();
  switchSpans(true);
}

/** Sends what has not been sent yet. */
export async function stopTracing(): Promise<void> {
  switchSpans(false);
  await sdk?.shutdown();
}
