/**
 * Where a process reads the time when the database's clock is out of reach (token expiry, measured durations).
 *
 * Everything that is stored takes the database's clock instead, so that processes whose clocks disagree still agree on history.
 */
export abstract class Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  abstract nowMs(): number;
}
