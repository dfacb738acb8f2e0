// Limits and words of the fields that more than one body has.

export const MAX_NAME = 128;
export const MAX_SPEC_BYTES = 16 * 1024;
export const MAX_MESSAGE = 2_000;
export const MAX_RUNTIME_SECONDS = 366 * 86_400;
export const MAX_QUEUE_TIMEOUT_SECONDS = 366 * 86_400;
export const MAX_RETRIES = 100;
export const MAX_ATTEMPT = 2_147_483_647;

export const LABELS = 'What it is found by: keys with values, as Kubernetes writes them.';
export const PREEMPTIBLE =
  'Whether it may be stopped and queued again for one of higher priority, where the cluster allows that.';
export const SPEC =
  'What the runtime wants to know: command, environment, whatever it is. Kept as it is, and never looked into.';
