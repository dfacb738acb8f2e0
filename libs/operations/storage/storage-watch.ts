import { statfs } from 'node:fs/promises';

import { Injectable, Logger } from '@nestjs/common';

import { BackgroundTasks } from '#background';
import { Settings } from '#config';
import { Database, exactlyOne, rowsOf, sql } from '#database';

import { isFull, reserveOf, type Space } from './storage-room.js';

const MEASURE_EVERY_MS = 10_000;

/** The measured spaces: what the database may still become, and the free space of the disk with its data. */
export type SpaceName = 'database' | 'disk';

/** What a process knows of the storage. */
export interface StorageState {
  readonly databaseBytes: number;
  readonly spaces: Readonly<Partial<Record<SpaceName, Space & { readonly reserve: number }>>>;
}

/** Measures every ten seconds how full the storage is. */
@Injectable()
export class StorageWatch {
  private readonly logger = new Logger(StorageWatch.name);
  private readonly full = new Set<SpaceName>();
  private state: StorageState = { databaseBytes: 0, spaces: {} };

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    tasks: BackgroundTasks,
  ) {
    tasks.add({ name: 'measuring the storage', pauseMs: MEASURE_EVERY_MS, run: () => this.measure() });
  }

  /** Whether nothing new may be stored, by the last measurement. */
  get isFull(): boolean {
    return this.full.size > 0;
  }

  /** The last measurement. */
  current(): StorageState {
    return this.state;
  }

  /** Measures now. A space that cannot be measured keeps its state. */
  async measure(): Promise<void> {
    const databaseBytes = await this.sizeOfDatabase();
    const { databaseBytes: limit, databaseDirectory } = this.settings;
    const spaces: [SpaceName, Space][] = [];
    if (limit !== undefined) spaces.push(['database', { total: limit, free: Math.max(0, limit - databaseBytes) }]);
    if (databaseDirectory !== undefined) {
      const { blocks, bavail, bsize } = await statfs(databaseDirectory);
      spaces.push(['disk', { total: blocks * bsize, free: bavail * bsize }]);
    }
    for (const [name, space] of spaces) this.judge(name, space);
    const measured = spaces.map(([name, space]) => [name, { ...space, reserve: reserveOf(space.total) }] as const);
    this.state = { databaseBytes, spaces: Object.fromEntries(measured) };
  }

  private judge(name: SpaceName, space: Space): void {
    const wasFull = this.full.has(name);
    if (isFull(space, wasFull) === wasFull) return;
    if (wasFull) this.full.delete(name);
    else this.full.add(name);
    const words = `the ${name} has ${space.free} of ${space.total} bytes left`;
    if (wasFull) this.logger.log(`${words}: new work is accepted again`);
    else this.logger.error(`${words}: new work is refused`);
  }

  private async sizeOfDatabase(): Promise<number> {
    const size = sql<{ bytes: number }>`select pg_database_size(current_database())::float8 as bytes`;
    return exactlyOne(await rowsOf(this.database.reader(), size)).bytes;
  }
}
