import { type StorageWatch } from '../storage/storage-watch.js';
import { type Exposition } from './exposition.js';

/** Writes the figures of the storage, by the last measurement. */
export function exposeStorage(to: Exposition, watch: StorageWatch): void {
  const { databaseBytes, spaces } = watch.current();
  const each = Object.entries(spaces);
  to.gauge('stowage_database_bytes', 'Size of the database.', [{ labels: {}, value: databaseBytes }]);
  to.gauge(
    'stowage_storage_free_bytes',
    'What the database may still become by STOWAGE_DATABASE_BYTES, and the free space of the disk with its data.',
    each.map(([space, { free }]) => ({ labels: { space }, value: free })),
  );
  to.gauge(
    'stowage_storage_use_ratio',
    'What is used of the space without its reserve: above 1, new work is refused.',
    each.map(([space, { total, free, reserve }]) => ({ labels: { space }, value: (total - free) / (total - reserve) })),
  );
  to.gauge('stowage_storage_full', 'Whether this process refuses new work because the storage is full.', [
    { labels: {}, value: watch.isFull ? 1 : 0 },
  ]);
}
