/**
 * The request that causes a nudge: logs and traces of the worker name it. Provided by `http`, which knows requests; without it, nudges
 * have no origin.
 */
export abstract class NudgeOrigin {
  abstract requestId(): string | undefined;
}
