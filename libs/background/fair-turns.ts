/** The account and the organization that work is done for. */
export interface TurnOwner {
  readonly accountId: string;
  readonly organizationId: string;
}

/** How much is admitted at a time, and how much may wait. */
export interface TurnLimits {
  /** What runs at a time: at least 2. One account has at most all but one of them. */
  readonly slots: number;
  /** The most that one account runs at a time; all but one slot when left out. */
  readonly runningOfAccount?: number;
  /** The most that waits of one account; no limit when left out. */
  readonly waitingOfAccount?: number;
  /** The most that waits in all. Beyond it, one more of each account that has nothing waiting is accepted. */
  readonly waitingOfAll?: number;
}

/** A place in the line, which becomes a slot. */
export interface Turn {
  /** True when the turn has come; false when it was given up before, or the line was closed. */
  readonly admitted: Promise<boolean>;
  /** Gives the place or the slot to others. Another call does nothing. */
  end(): void;
}

class Place implements Turn {
  state: 'waiting' | 'running' | 'ended' = 'waiting';
  readonly admitted: Promise<boolean>;
  private answer: (isAdmitted: boolean) => void = () => undefined;

  constructor(
    readonly owner: TurnOwner,
    private readonly leave: (place: Place) => void,
  ) {
    this.admitted = new Promise((resolve) => (this.answer = resolve));
  }

  admit(): void {
    this.state = 'running';
    this.answer(true);
  }

  end(): void {
    if (this.state === 'ended') return;
    this.leave(this);
    this.answer(false);
  }
}

/**
 * Shares a few slots among accounts: those that wait take turns, inside an account its organizations take turns, and inside an organization
 * the first to come is first. Until a waiting account has its turn, every other account has at most one, unless the waiting one runs as much
 * as it may. One account never has all slots: one that was idle finds a slot, or waits for accounts that have one each.
 *
 * Counts turns, and not their time, which the caller bounds. Admits nothing before `open`.
 */
export class FairTurns {
  /** What waits: accounts and organizations in the order of their turns, and what each wants in the order of its arrival. */
  private readonly lines = new Map<string, Map<string, Set<Place>>>();
  private readonly runningOf = new Map<string, number>();
  private readonly waitingOf = new Map<string, number>();
  private readonly runningOfAccount: number;
  private state: 'starting' | 'open' | 'closed' = 'starting';
  private runningCount = 0;
  private waitingCount = 0;

  /** @throws RangeError for less than two slots: one account would have all of them */
  constructor(private readonly limits: TurnLimits) {
    if (limits.slots < 2) throw new RangeError('turns are shared by at least two slots');
    this.runningOfAccount = Math.min(limits.runningOfAccount ?? Infinity, limits.slots - 1);
  }

  /** How much runs, and how much waits. */
  get counts(): { readonly running: number; readonly waiting: number } {
    return { running: this.runningCount, waiting: this.waitingCount };
  }

  /** Takes a place in the line, or a free slot at once. @returns null when the line is closed, or too much waits */
  enter(owner: TurnOwner): Turn | null {
    if (this.state === 'closed' || !this.hasRoom(owner.accountId)) return null;
    const place = new Place(owner, (left) => this.leave(left));
    const organizations = entryOf(this.lines, owner.accountId, () => new Map<string, Set<Place>>());
    entryOf(organizations, owner.organizationId, () => new Set<Place>()).add(place);
    add(this.waitingOf, owner.accountId, 1);
    this.waitingCount++;
    this.admit();
    return place;
  }

  /** Begins to admit. */
  open(): void {
    if (this.state === 'starting') this.state = 'open';
    this.admit();
  }

  /** Sends away what waits, and admits nothing more. What runs goes on. */
  close(): void {
    this.state = 'closed';
    const waiting = [...this.lines.values()].flatMap((account) => [...account.values()].flatMap((line) => [...line]));
    for (const place of waiting) place.end();
  }

  /** An account that has nothing waiting is always accepted: what others have waiting does not refuse it. */
  private hasRoom(accountId: string): boolean {
    const { waitingOfAccount = Infinity, waitingOfAll = Infinity } = this.limits;
    const own = this.waitingOf.get(accountId) ?? 0;
    return own === 0 || (own < waitingOfAccount && this.waitingCount < waitingOfAll);
  }

  private mayRun(accountId: string): boolean {
    return (this.runningOf.get(accountId) ?? 0) < this.runningOfAccount;
  }

  private admit(): void {
    while (this.state === 'open' && this.runningCount < this.limits.slots) {
      const place = this.next();
      if (place === undefined) return;
      this.withdraw(place);
      this.pass(place.owner);
      add(this.runningOf, place.owner.accountId, 1);
      this.runningCount++;
      place.admit();
    }
  }

  /** The first of the first organization of the first account that may run more. */
  private next(): Place | undefined {
    for (const [accountId, organizations] of this.lines) {
      if (!this.mayRun(accountId)) continue;
      const [line] = organizations.values();
      const [place] = line ?? [];
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Takes a place out of the line, and leaves nothing of it behind. */
  private withdraw(place: Place): void {
    const { accountId, organizationId } = place.owner;
    const organizations = this.lines.get(accountId);
    const line = organizations?.get(organizationId);
    line?.delete(place);
    if (line?.size === 0) organizations?.delete(organizationId);
    if (organizations?.size === 0) this.lines.delete(accountId);
    add(this.waitingOf, accountId, -1);
    this.waitingCount--;
  }

  /** Moves an account, and its organization, behind the others: they had their turn. */
  private pass({ accountId, organizationId }: TurnOwner): void {
    const organizations = this.lines.get(accountId);
    if (organizations === undefined) return;
    moveToEnd(organizations, organizationId);
    moveToEnd(this.lines, accountId);
  }

  private leave(place: Place): void {
    const { state, owner } = place;
    place.state = 'ended';
    if (state === 'waiting') this.withdraw(place);
    else {
      add(this.runningOf, owner.accountId, -1);
      this.runningCount--;
    }
    this.admit();
  }
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Keeps no counts of 0. */
function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** A map lists its keys in the order in which they were set. */
function moveToEnd<Value>(map: Map<string, Value>, key: string): void {
  const value = map.get(key);
  if (value === undefined) return;
  map.delete(key);
  map.set(key, value);
}
