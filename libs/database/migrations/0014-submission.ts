import { Migration } from '@mikro-orm/migrations';

/** All that somebody may say of a deployment when submitting it, and names that find one deployment. */
export class Submission extends Migration {
  override up(): void {
    // Deployments of before have no normalized image, and no name that anybody must find them by: their names were never unique.
    this.addSql(`
      alter table deployments
        add column is_named boolean not null default false,
        add column normalized_image text null,
        add column labels jsonb not null default '{}',
        add column is_preemptible boolean not null default false,
        add column spec json null,
        add constraint deployments_labels_check check (jsonb_typeof(labels) = 'object')`);
    // Only names that were given: generated ones are unique by what they are made from, and cost a queue of a million nothing here.
    this.addSql(`
      create unique index deployments_name_unique on deployments (cluster_id, name) where is_named and ended_at is null`);
  }
}
