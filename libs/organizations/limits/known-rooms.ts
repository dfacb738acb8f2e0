/** How long what is left of a limit stays known. */
const KNOWN_FOR_MS = 1_000;

/** The most organizations whose room is known. */
const MAX_KNOWN = 10_000;

interface Room {
  left: number;
  readonly untilMs: number;
}

/**
 * What is left of a limit, by organization, while it is far away: read once a second, less what this process has admitted since.
 *
 * "Far" is more than all API processes together can add within that second, including open transactions.
 */
export class KnownRooms {
  private readonly rooms = new Map<string, Room>();

  constructor(private readonly far: number) {}

  /** Takes an amount where the limit is known to be far away. @returns false where it has to be read */
  take(organizationId: string, amount: number): boolean {
    const room = this.rooms.get(organizationId);
    if (room === undefined || room.untilMs <= Date.now() || room.left - amount < this.far) return false;
    room.left -= amount;
    return true;
  }

  /** Remembers what is left. @returns false where that is near: then additions have to take turns */
  remember(organizationId: string, left: number): boolean {
    this.rooms.delete(organizationId);
    if (left < this.far) return false;
    this.rooms.set(organizationId, { left, untilMs: Date.now() + KNOWN_FOR_MS });
    if (this.rooms.size > MAX_KNOWN) {
      const [oldest] = this.rooms.keys();
      if (oldest !== undefined) this.rooms.delete(oldest);
    }
    return true;
  }
}
