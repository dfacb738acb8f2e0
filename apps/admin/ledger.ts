import { Logger } from '@nestjs/common';

import { auditEntities } from '#audit';
import { clusterEntities } from '#clusters';
import { CommandError } from '#database';
import { deploymentEntities } from '#deployments';
import { isId } from '#kernel';
import { LedgerAudit, ledgerEntities, LedgerRepair } from '#ledger';
import { queueEntities } from '#queue';
import { schedulerEntities } from '#scheduler';

import { withDatabase } from './with-database.js';

const ENTITIES = [
  ...auditEntities,
  ...clusterEntities,
  ...queueEntities,
  ...deploymentEntities,
  ...ledgerEntities,
  ...schedulerEntities,
];

// Programs read standard output: nothing but the report is written there.
Logger.overrideLogger(false);

/** The command `ledger audit`. */
export async function auditLedger(): Promise<void> {
  await withDatabase(ENTITIES, async (database) => {
    const report = await LedgerAudit.over(database).full();
    if (report === null) throw new CommandError('Another audit is running; it keeps its findings.');
    const { broken, laws } = report;
    return print({ isClean: broken.length === 0, laws: laws.length, findings: broken });
  });
}

/** The command `ledger repair`. */
export async function repairLedger(clusterId: string): Promise<void> {
  await withDatabase(ENTITIES, async (database) => {
    const report = isId(clusterId) ? await LedgerRepair.over(database).repair(clusterId) : null;
    if (report === null) throw new CommandError(`There is no cluster ${clusterId}.`);
    return print({ ...report, isClean: report.broken.length === 0 });
  });
}

/** @returns the exit code */
function print(report: { readonly isClean: boolean; readonly [field: string]: unknown }): number {
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.isClean ? 0 : 1;
}
