import { Migration } from '@mikro-orm/migrations';

import { CLUSTERS } from '../schema/clusters.js';
import { DEPLOYMENTS, EVENTS } from '../schema/deployments.js';
import { LEDGER, LEDGER_TRIGGERS } from '../schema/ledger.js';
import { PASSES } from '../schema/passes.js';
import { ORGANIZATIONS, RECORDS, TOKENS, USERS } from '../schema/people.js';

/**
 * The schema of the first release. Nothing was released before it, so it is edited here until then; afterwards every change is a migration
 * of its own.
 */
export class Schema extends Migration {
  override up(): void {
    const areas = [
      USERS,
      ORGANIZATIONS,
      TOKENS,
      RECORDS,
      CLUSTERS,
      DEPLOYMENTS,
      EVENTS,
      LEDGER,
      LEDGER_TRIGGERS,
      PASSES,
    ];
    for (const statement of areas.flat()) this.addSql(statement);
  }
}
