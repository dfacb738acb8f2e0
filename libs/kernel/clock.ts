/**
 * The clock of a process, for token expiry and measured durations.
 *
 * Stored timestamps come from the database's clock instead, so that processes whose clocks differ agree on history.
 */
export abstract class Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  abstract nowMs(): number;
}
