import 'reflect-metadata';

import { Logger } from '@nestjs/common';

import { auditEntities } from '#audit';
import { clusterEntities } from '#clusters';
import { type LocalSettings } from '#config';
import { Database, databaseOptions, databaseUrlFor, MikroORM, runCommand } from '#database';
import { deploymentEntities } from '#deployments';
import { isId } from '#kernel';
import { LedgerAudit, ledgerEntities, LedgerRepair } from '#ledger';
import { queueEntities } from '#queue';
import { schedulerEntities } from '#scheduler';

const USAGE = `usage: npm run ledger -- audit
       npm run ledger -- repair CLUSTER_ID

audit   recomputes every law of the ledger from its first entry, in all clusters; ends with 1 when one is broken
repair  writes the entries that make one cluster's ledger agree with its deployments, and audits it

The database is that of DATABASE_URL, otherwise the one that npm start runs here.
`;

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

async function audit(database: Database): Promise<number> {
  const report = await LedgerAudit.over(database).full();
  if (report === null) {
    process.stderr.write('Another audit is at work; its findings are kept.\n');
    return 1;
  }
  say({ isClean: report.broken.length === 0, laws: report.laws.length, findings: report.broken });
  return report.broken.length === 0 ? 0 : 1;
}

async function repair(database: Database, clusterId: string): Promise<number> {
  const report = await LedgerRepair.over(database).repair(clusterId);
  if (report === null) {
    process.stderr.write(`There is no cluster ${clusterId}.\n`);
    return 1;
  }
  say({ ...report, isClean: report.broken.length === 0 });
  return report.broken.length === 0 ? 0 : 1;
}

/** @returns the exit code */
async function run([command, clusterId, ...others]: readonly string[], settings: LocalSettings): Promise<number> {
  const isAudit = command === 'audit' && clusterId === undefined;
  const isRepair = command === 'repair' && clusterId !== undefined && isId(clusterId) && others.length === 0;
  if (!isAudit && !isRepair) {
    process.stderr.write(USAGE);
    return 2;
  }
  const url = databaseUrlFor(settings);
  const options = databaseOptions({ url, poolMax: 2, applicationName: 'stowage-ledger' }, [
    ...auditEntities,
    ...clusterEntities,
    ...queueEntities,
    ...deploymentEntities,
    ...ledgerEntities,
    ...schedulerEntities,
  ]);
  const database = new Database(await MikroORM.init(options));
  try {
    return await (isRepair ? repair(database, clusterId) : audit(database));
  } finally {
    await database.orm.close(true);
  }
}

// What is found is the answer, on standard output and nothing beside it: programs read it.
Logger.overrideLogger(false);
await runCommand((settings) => run(process.argv.slice(2), settings));
