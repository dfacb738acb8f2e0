import { Migration } from '@mikro-orm/migrations';

/** One index for the uniqueness of entries and for everybody who looks for those of a deployment: a partial one serves neither fully. */
export class LedgerKeys extends Migration {
  override up(): void {
    this.addSql(`drop index ledger_entries_attempt_unique`);
    this.addSql(`
      create unique index ledger_entries_attempt_unique on ledger_entries
        (deployment_id, attempt, kind, (case when kind = 'correct' then id else 0 end))`);
  }
}
