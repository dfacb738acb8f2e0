import { Migration } from '@mikro-orm/migrations';

/** What stays of a history that is older than the installation keeps it: one checkpoint per cluster, and what each attempt used. */
export class LedgerRetention extends Migration {
  override up(): void {
    this.checkpoints();
    this.usage();
    this.triggers();
  }

  /** Wide enough for any number of entries of any size. */
  private checkpoints(): void {
    const sums = ['allocated', 'released', 'corrected']
      .flatMap((kind) => ['cpu_millis', 'memory_mib', 'gpu_millis'].map((resource) => `${kind}_${resource}`))
      .map((column) => `${column} numeric(38,0) not null`)
      .join(', ');
    this.addSql(`
      create table ledger_checkpoints (
        cluster_id uuid not null primary key,
        organization_id uuid not null,
        deployments bigint not null,
        entries bigint not null,
        ${sums},
        closed_until timestamptz not null,
        changed_at timestamptz not null default now(),
        foreign key (organization_id, cluster_id) references clusters (organization_id, id),
        constraint ledger_checkpoints_balance_check
          check (allocated_cpu_millis - released_cpu_millis + corrected_cpu_millis = 0
            and allocated_memory_mib - released_memory_mib + corrected_memory_mib = 0
            and allocated_gpu_millis - released_gpu_millis + corrected_gpu_millis = 0)
      )`);
  }

  /** No key leads to the deployment: it is gone. */
  private usage(): void {
    this.addSql(`
      create table usage_sums (
        deployment_id uuid not null,
        attempt int not null,
        organization_id uuid not null,
        cluster_id uuid not null,
        name text not null,
        submitted_by uuid not null,
        labels jsonb not null,
        opened_at timestamptz not null,
        closed_at timestamptz not null,
        cpu_millis numeric not null,
        memory_mib numeric not null,
        gpu_millis numeric not null,
        primary key (deployment_id, attempt),
        foreign key (organization_id, cluster_id) references clusters (organization_id, id),
        constraint usage_sums_time_check check (opened_at <= closed_at)
      )`);
    this.addSql(`create index usage_sums_cluster_index on usage_sums (cluster_id, closed_at)`);
    this.addSql(`create index usage_sums_closed_index on usage_sums (closed_at)`);
  }

  private triggers(): void {
    this.addSql(`
      create or replace function refuse_ledger_change() returns trigger language plpgsql as $$
      begin
        -- Retention removes a history whole: the deployment has gone, and what the attempt used is kept.
        if tg_op = 'DELETE' and not exists (
          select 1 from deployments where organization_id = old.organization_id and id = old.deployment_id
        ) and exists (
          select 1 from usage_sums where deployment_id = old.deployment_id and attempt = old.attempt
        ) then
          return old;
        end if;
        raise exception 'ledger entries are never changed' using errcode = 'restrict_violation';
      end $$`);
    this.addSql(`
      create function refuse_checkpoint_change() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' and new.cluster_id = old.cluster_id and new.organization_id = old.organization_id
          and new.deployments >= old.deployments and new.entries >= old.entries and new.closed_until >= old.closed_until
        then
          return new;
        end if;
        raise exception 'a checkpoint of the ledger only grows' using errcode = 'restrict_violation';
      end $$`);
    this.addSql(`
      create trigger ledger_checkpoints_immutable before update or delete on ledger_checkpoints
        for each row execute function refuse_checkpoint_change()`);
    this.addSql(`
      create trigger ledger_checkpoints_no_truncate before truncate on ledger_checkpoints
        for each statement execute function refuse_checkpoint_change()`);
  }
}
