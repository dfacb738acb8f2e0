import { Migration } from '@mikro-orm/migrations';

/** Indexes of the queue's view and of lists of deployments: one for each way of asking, none that a pass could take for one of its own. */
export class Lists extends Migration {
  override up(): void {
    // The queue as people see it. The priority is negated, so that one comparison of rows finds where a page begins, however deep.
    this.addSql(`
      create index deployments_rank_index on deployments (cluster_id, (-priority), queued_at, id) where status = 'queued'`);
    this.addSql(`create index deployments_status_index on deployments (organization_id, cluster_id, status, id)`);
    this.addSql(`create index deployments_submitter_index on deployments (organization_id, submitted_by, status, id)`);
    // Names that were made from the image cost nothing here, nor do deployments without labels below.
    this.addSql(`
      create index deployments_name_index on deployments (organization_id, name collate "C") where is_named`);
    this.labels();
  }

  /** Labels as numbers that belong to one organization: nobody's search goes through the labels of others. */
  private labels(): void {
    this.addSql(`
      create function deployment_label_terms(organization_id uuid, labels jsonb) returns bigint[]
      language sql immutable parallel safe as $$
        select array_agg(hashtextextended(organization_id::text || '/' || term, 0))
        from jsonb_each_text(labels) label (key, value), lateral (values (key), (key || '=' || value)) terms (term)
      $$`);
    this.addSql(`
      create index deployments_labels_index on deployments using gin (deployment_label_terms(organization_id, labels))
        where labels <> '{}'`);
  }
}
