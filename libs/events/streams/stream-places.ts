import { EventErrors } from '../events.errors.js';

/** The most open streams of a process, of one account, and of one organization. */
export interface StreamLimits {
  readonly process: number;
  readonly account: number;
  readonly organization: number;
}

/** Counts the open streams of a process, so that no account and no organization takes the places of others. */
export class StreamPlaces {
  private total = 0;
  private readonly byOwner = new Map<string, number>();

  constructor(private readonly limits: StreamLimits) {}

  /**
   * Takes a place, at once.
   *
   * @returns a function that gives it back, once
   * @throws EVENTS.STREAM_LIMIT_REACHED, EVENTS.TOO_MANY_STREAMS
   */
  take(accountId: string, organizationId: string): () => void {
    const owners = [`account ${accountId}`, `organization ${organizationId}`] as const;
    this.assertFree('account', owners[0]);
    this.assertFree('organization', owners[1]);
    if (this.total >= this.limits.process) throw EventErrors.TOO_MANY_STREAMS.because();
    this.count(owners, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.count(owners, -1);
      isTaken = false;
    };
  }

  private assertFree(of: 'account' | 'organization', owner: string): void {
    const limit = this.limits[of];
    const open = this.byOwner.get(owner) ?? 0;
    if (open < limit) return;
    const detail = `The ${of} has ${open} open event streams in this process, and may have ${limit}: close one first.`;
    throw EventErrors.STREAM_LIMIT_REACHED.because(detail, { of, open, limit, retryAfterSeconds: 5 });
  }

  private count(owners: readonly string[], change: 1 | -1): void {
    this.total += change;
    for (const owner of owners) {
      const open = (this.byOwner.get(owner) ?? 0) + change;
      if (open === 0) this.byOwner.delete(owner);
      else this.byOwner.set(owner, open);
    }
  }
}
