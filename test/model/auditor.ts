import { Client } from 'pg';

import { newId } from '#kernel';

interface EntryRow {
  readonly id: string;
  readonly cluster: string;
  readonly deployment: string;
  readonly attempt: number;
  readonly kind: string;
  readonly pass: string;
  readonly amounts: readonly number[];
}

interface ClusterRow {
  readonly id: string;
  readonly allocated: readonly number[];
  readonly capacity: readonly number[];
}

/** A cluster, as recomputed from its ledger entries alone. */
interface Book {
  lastEntry: string;
  balance: number[];
  lastPass: string;
  readonly open: Map<string, readonly number[]>;
  readonly closed: Set<string>;
  readonly passes: Set<string>;
}

/** The pause between two audits: it leaves the machine to the installation. */
const PAUSE_MS = 30;

/** Before every UUIDv7. */
const NO_PASS = newId().replace(/[0-9a-f]/g, '0');

const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((amount, at) => amount + (b[at] ?? 0));
const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((amount, at) => amount - (b[at] ?? 0));

/**
 * Recomputes the ledger from its entries, one by one in the order in which they were written, and compares the sums with the columns of the
 * same snapshot. It shares no code with the service, and adds up here, not in SQL.
 */
export class Auditor {
  private readonly books = new Map<string, Book>();
  private readonly faults: string[] = [];
  private isStopping = false;
  looks = 0;
  entries = 0;

  private constructor(private readonly client: Client) {}

  /** Audits repeatedly until it is stopped. */
  static async watch(databaseUrl: string): Promise<{ auditor: Auditor; stop(): Promise<void> }> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const auditor = new Auditor(client);
    const watching = auditor.run();
    watching.catch(() => undefined);
    const stop = async (): Promise<void> => {
      auditor.isStopping = true;
      await watching;
      await auditor.look();
      await client.end();
      if (auditor.faults.length > 0) throw new Error(auditor.faults.slice(0, 20).join('\n'));
    };
    return { auditor, stop };
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      await this.look();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  private async look(): Promise<void> {
    await this.client.query('begin isolation level repeatable read read only');
    const clusters = await this.client.query<ClusterRow>(
      `select id, array[allocated_cpu_millis, allocated_memory_mib, allocated_gpu_millis]::float8[] as allocated,
              array[capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis]::float8[] as capacity from clusters`,
    );
    for (const cluster of clusters.rows) {
      const book = this.bookOf(cluster.id);
      const { rows } = await this.client.query<EntryRow>(
        `select id, cluster_id as cluster, deployment_id as deployment, attempt, kind, pass_id as pass,
                array[cpu_millis, memory_mib, gpu_millis]::float8[] as amounts
         from ledger_entries where cluster_id = $1 and id > $2 order by id`,
        [cluster.id, book.lastEntry],
      );
      rows.forEach((row) => this.enter(book, row));
      this.compare(book, cluster);
    }
    await this.client.query('rollback');
    this.looks += 1;
  }

  private bookOf(clusterId: string): Book {
    const known = this.books.get(clusterId);
    if (known !== undefined) return known;
    const book: Book = {
      lastEntry: '0',
      balance: [0, 0, 0],
      lastPass: NO_PASS,
      open: new Map(),
      closed: new Set(),
      passes: new Set(),
    };
    this.books.set(clusterId, book);
    return book;
  }

  private enter(book: Book, { id, deployment, attempt, kind, pass, amounts }: EntryRow): void {
    const key = `${deployment} ${attempt}`;
    this.entries += 1;
    book.lastEntry = id;
    if (pass !== book.lastPass && book.passes.has(pass))
      this.faults.push(`pass ${pass} wrote before and after another`);
    book.passes.add(pass);
    book.lastPass = pass;
    if (kind === 'allocate') {
      if (book.open.has(key) || book.closed.has(key)) this.faults.push(`${key} is allocated twice`);
      book.open.set(key, amounts);
      book.balance = plus(book.balance, amounts);
    } else if (kind === 'release') {
      const given = book.open.get(key);
      if (given?.join() !== amounts.join()) this.faults.push(`${key} gives back ${amounts.join()} of ${String(given)}`);
      book.open.delete(key);
      book.closed.add(key);
      book.balance = minus(book.balance, amounts);
    } else {
      this.faults.push(`${key} was corrected, where nothing was wrong`);
    }
    if (book.balance.some((amount) => amount < 0)) this.faults.push(`less than nothing is open after entry ${id}`);
  }

  private compare({ balance }: Book, { id, allocated, capacity }: ClusterRow): void {
    if (balance.join() !== allocated.join()) {
      this.faults.push(`cluster ${id} says ${allocated.join()}, its entries ${balance.join()}`);
    }
    if (balance.some((amount, at) => amount > (capacity[at] ?? 0))) {
      this.faults.push(`cluster ${id} has given ${balance.join()} of ${capacity.join()}`);
    }
  }
}
