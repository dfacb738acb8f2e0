import { Migration } from '@mikro-orm/migrations';

/** Corrections of the ledger, what audits find, and an order of entries in time, by which usage is summed. */
export class LedgerAudit extends Migration {
  override up(): void {
    this.corrections();
    this.order();
    this.findings();
    // Emptied as a whole, a table asks no row trigger.
    this.addSql(`
      create trigger ledger_entries_no_truncate before truncate on ledger_entries
        for each statement execute function refuse_ledger_change()`);
  }

  /** A correction carries signed amounts, and an attempt may have several: it is the difference that makes the sums right again. */
  private corrections(): void {
    this.addSql(`
      alter table ledger_entries
        drop constraint ledger_entries_kind_check,
        drop constraint ledger_entries_cpu_millis_check,
        drop constraint ledger_entries_memory_mib_check,
        drop constraint ledger_entries_gpu_millis_check,
        drop constraint ledger_entries_attempt_unique`);
    this.addSql(`
      alter table ledger_entries
        add constraint ledger_entries_kind_check check (kind in ('allocate', 'release', 'correct')),
        add constraint ledger_entries_cpu_millis_check check (cpu_millis >= 0 or kind = 'correct'),
        add constraint ledger_entries_memory_mib_check check (memory_mib >= 0 or kind = 'correct'),
        add constraint ledger_entries_gpu_millis_check check (gpu_millis >= 0 or kind = 'correct')`);
    this.addSql(`
      create unique index ledger_entries_attempt_unique on ledger_entries (deployment_id, attempt, kind)
        where kind <> 'correct'`);
    this.addSql(`
      create index ledger_entries_correct_index on ledger_entries (deployment_id, attempt) where kind = 'correct'`);
  }

  private order(): void {
    this.addSql(`drop index ledger_entries_cluster_index`);
    this.addSql(`create index ledger_entries_cluster_index on ledger_entries (cluster_id, at, id)`);
  }

  private findings(): void {
    this.addSql(`
      create table ledger_findings (
        id uuid not null primary key,
        organization_id uuid not null,
        cluster_id uuid not null,
        law text not null,
        violations int not null,
        samples jsonb not null,
        found_at timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        resolved_at timestamptz null,
        foreign key (organization_id, cluster_id) references clusters (organization_id, id) on delete cascade
      )`);
    this.addSql(`
      create unique index ledger_findings_open_unique on ledger_findings (cluster_id, law) where resolved_at is null`);
    this.addSql(`
      create table ledger_audits (
        depth text not null primary key,
        started_at timestamptz not null,
        finished_at timestamptz not null,
        clean_at timestamptz null,
        broken int not null,
        constraint ledger_audits_depth_check check (depth in ('quick', 'full'))
      )`);
  }
}
