import { Migration } from '@mikro-orm/migrations';

import { CLUSTERS } from './0001/clusters.js';
import { DEPLOYMENTS, EVENTS } from './0001/deployments.js';
import { LEDGER, LEDGER_TRIGGERS } from './0001/ledger.js';
import { PASSES } from './0001/passes.js';
import { ORGANIZATIONS, RECORDS, TOKENS, USERS } from './0001/people.js';

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
