import { Migration } from '@mikro-orm/migrations';

/**
 * An order of events in which nothing appears late, whatever order transactions commit in: see docs/decisions/event-order.md.
 *
 * `stamp` is no less than the transaction that writes the row, and no less than any transaction that had ended when the writing statement
 * began. Rows whose stamp is below the oldest open transaction are complete, and what happened after them sorts after them.
 */
export class EventOrder extends Migration {
  override up(): void {
    this.addSql(`
      alter table deployment_events
        add column stamp xid8 not null default greatest(pg_current_xact_id(), pg_snapshot_xmax(pg_current_snapshot())),
        add column position bigint generated always as identity`);
    this.addSql(`
      create unique index deployment_events_order_unique on deployment_events (organization_id, stamp, position)`);
    this.horizons();
  }

  /** Up to where the events of an organization are no longer complete, because retention has removed some. */
  private horizons(): void {
    this.addSql(`
      create table event_horizons (
        organization_id uuid not null primary key references organizations (id),
        stamp xid8 not null,
        position bigint not null
      )`);
    this.addSql(`
      create function note_event_horizon() returns trigger language plpgsql as $$
      begin
        insert into event_horizons as known (organization_id, stamp, position)
        select distinct on (organization_id) organization_id, stamp, position from gone
        order by organization_id, stamp desc, position desc
        on conflict (organization_id) do update set stamp = excluded.stamp, position = excluded.position
          where (excluded.stamp, excluded.position) > (known.stamp, known.position);
        return null;
      end $$`);
    // For each statement: who removes many events removes them in one, and before their deployments.
    this.addSql(`
      create trigger deployment_events_horizon after delete on deployment_events
        referencing old table as gone for each statement execute function note_event_horizon()`);
  }
}
