// Limits and descriptions of fields that several bodies have.

export const MAX_NAME = 128;
export const MAX_SPEC_BYTES = 16 * 1024;
export const MAX_MESSAGE = 2_000;
export const MAX_RUNTIME_SECONDS = 366 * 86_400;
export const MAX_QUEUE_TIMEOUT_SECONDS = 366 * 86_400;
export const MAX_RETRIES = 100;
export const MAX_ATTEMPT = 2_147_483_647;

export const LABELS = 'Keys with values, by the grammar of Kubernetes, to find deployments by.';
export const PREEMPTIBLE = 'Whether a deployment of higher priority may preempt it, where the cluster permits that.';
export const SPEC = 'Data for the runtime, such as command and environment. Stored as it is, and never interpreted.';

// Ranges with an example, for the field decorators.
export const PRIORITY = { min: 0, max: 100, example: 50 } as const;
export const RUNTIME = { min: 1, max: MAX_RUNTIME_SECONDS, example: 3600 } as const;
export const QUEUE_TIMEOUT = { min: 1, max: MAX_QUEUE_TIMEOUT_SECONDS, example: 86_400 } as const;
export const RETRIES = { min: 0, max: MAX_RETRIES, example: 3 } as const;
export const ATTEMPT = { min: 1, max: MAX_ATTEMPT, example: 1 } as const;
