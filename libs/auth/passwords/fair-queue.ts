/** The place of an entry: networks take turns, and within a network its accounts. */
export interface QueuePlace {
  readonly network: string;
  readonly account: string;
}

/** The entries of one network, by account in the order of their next turns. */
interface Share<T> {
  size: number;
  readonly accounts: Map<string, T[]>;
}

/** A queue in which a network with many entries, or an account with many within it, delays the others by one entry a turn. */
export class FairQueue<T> {
  /** In the order of the next turns: a network that was served moves to the end. */
  private readonly shares = new Map<string, Share<T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds an entry behind the others of its account. */
  push({ network, account }: QueuePlace, entry: T): void {
    const share = this.shares.get(network) ?? { size: 0, accounts: new Map<string, T[]>() };
    const entries = share.accounts.get(account) ?? [];
    entries.push(entry);
    share.accounts.set(account, entries);
    share.size++;
    this.shares.set(network, share);
    this.count++;
  }

  /** Removes the entry whose turn it is; undefined when none waits. */
  shift(): T | undefined {
    for (const [network, share] of this.shares) {
      for (const [account, entries] of share.accounts) {
        const entry = this.take({ network, account }, 0);
        // Both go to the end of their turns, if entries remain.
        if (share.accounts.delete(account) && entries.length > 0) share.accounts.set(account, entries);
        if (this.shares.delete(network) && share.size > 0) this.shares.set(network, share);
        return entry;
      }
    }
    return undefined;
  }

  /**
   * Removes an entry at random from the account with the most, of the network with the most: a flood displaces its own entries first, and no
   * entry of a flood from many networks is safer than a single one.
   *
   * @param random a number from 0 up to, but without, 1
   */
  drop(random: () => number): T | undefined {
    const network = largest(this.shares, ({ size }) => size, random);
    const share = network === undefined ? undefined : this.shares.get(network);
    const account = share && largest(share.accounts, ({ length }) => length, random);
    if (network === undefined || share === undefined || account === undefined) return undefined;
    const entries = share.accounts.get(account) ?? [];
    const entry = this.take({ network, account }, Math.floor(random() * entries.length));
    if (entries.length === 0) share.accounts.delete(account);
    if (share.size === 0) this.shares.delete(network);
    return entry;
  }

  private take({ network, account }: QueuePlace, index: number): T | undefined {
    const share = this.shares.get(network);
    if (share === undefined) return undefined;
    share.size--;
    this.count--;
    return share.accounts.get(account)?.splice(index, 1)[0];
  }
}

/** The key of one of the largest values, each equally likely. */
function largest<V>(
  map: ReadonlyMap<string, V>,
  sizeOf: (value: V) => number,
  random: () => number,
): string | undefined {
  let [most, keys]: [number, string[]] = [0, []];
  for (const [key, value] of map) {
    const size = sizeOf(value);
    if (size > most) [most, keys] = [size, []];
    if (size === most) keys.push(key);
  }
  return keys[Math.floor(random() * keys.length)];
}
