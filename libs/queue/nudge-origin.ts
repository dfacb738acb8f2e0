/**
 * Says for whom a nudge is sent, so that what a worker logs and traces about it can be found by the request that caused it. Provided by
 * `http`, where requests are known; without it, nudges come from nobody.
 */
export abstract class NudgeOrigin {
  abstract requestId(): string | undefined;
}
