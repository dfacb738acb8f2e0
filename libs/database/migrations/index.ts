import { type MigrationObject } from '@mikro-orm/core';

import { Identity } from './0001-identity.js';
import { Audit } from './0002-audit.js';
import { Tenancy } from './0003-tenancy.js';
import { Scheduling } from './0004-scheduling.js';
import { Organizations } from './0005-organizations.js';
import { Clusters } from './0006-clusters.js';
import { LedgerAudit } from './0007-ledger-audit.js';
import { Reservations } from './0008-reservations.js';
import { LedgerKeys } from './0009-ledger-keys.js';
import { Attempts } from './0010-attempts.js';
import { LedgerRetention } from './0011-ledger-retention.js';
import { Submission } from './0014-submission.js';
import { Idempotency } from './0015-idempotency.js';
import { EventOrder } from './0018-event-order.js';
import { Lists } from './0019-lists.js';
import { PassTotals } from './0030-pass-totals.js';
import { PassSights } from './0021-pass-sights.js';
import { Stopping, StoppingIndexes } from './0031-stopping.js';
import { ClusterBlockers } from './0033-cluster-blockers.js';
import { Preemption, PreemptionIndexes } from './0032-preemption.js';

const ALL: readonly MigrationObject[] = [
  { name: '0001-identity', class: Identity },
  { name: '0002-audit', class: Audit },
  { name: '0003-tenancy', class: Tenancy },
  { name: '0004-scheduling', class: Scheduling },
  { name: '0005-organizations', class: Organizations },
  { name: '0006-clusters', class: Clusters },
  { name: '0007-ledger-audit', class: LedgerAudit },
  { name: '0008-reservations', class: Reservations },
  { name: '0009-ledger-keys', class: LedgerKeys },
  { name: '0010-attempts', class: Attempts },
  { name: '0011-ledger-retention', class: LedgerRetention },
  { name: '0014-submission', class: Submission },
  { name: '0015-idempotency', class: Idempotency },
  { name: '0018-event-order', class: EventOrder },
  { name: '0019-lists', class: Lists },
  { name: '0030-pass-totals', class: PassTotals },
  { name: '0021-pass-sights', class: PassSights },
  { name: '0031-stopping', class: Stopping },
  { name: '0031-stopping-indexes', class: StoppingIndexes },
  { name: '0033-cluster-blockers', class: ClusterBlockers },
  { name: '0032-preemption', class: Preemption },
  { name: '0032-preemption-indexes', class: PreemptionIndexes },
];

/** Every migration, oldest first. Names are recorded in databases: they are never changed, and none is ever removed. */
export const MIGRATIONS = ALL.toSorted((one, other) => one.name.localeCompare(other.name, 'en'));
