import { switchSpans } from './spans.js';

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}

let sdk: Sdk | undefined;

/**
 * Starts OpenTelemetry where it is configured; its SDK reads its standard variables (`OTEL_*`). The SDK is not loaded otherwise: disabled
 * tracing costs no time and no memory.
 *
 * @param exporter the setting of `OTEL_TRACES_EXPORTER`
 * @param serviceName the name of the process unless `OTEL_SERVICE_NAME` is set
 */
export async function startTracing(exporter: string, serviceName: string): Promise<void> {
  if (exporter === 'none') return;
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  sdk = new NodeSDK({ serviceName, instrumentations: [] });
  sdk.start();
  switchSpans(true);
}

/** Sends pending spans. */
export async function stopTracing(): Promise<void> {
  switchSpans(false);
  await sdk?.shutdown();
}
