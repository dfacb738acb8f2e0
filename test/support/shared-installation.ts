import { afterAll } from '@jest/globals';

import { type ApiModule } from '../../apps/api/api.module.js';
import { type WorkerModule } from '../../apps/worker/worker.module.js';
import { ApiClient } from './api-client.js';
import { fromTestRun } from './from-test-run.js';
import { type Coverage, mergeCoverage } from './installations/coverage.js';
import { type InstallationAddress, type Kind, type Request, type RequestName } from './installations/requests.js';

/** The programs behind a shared installation. By this import `jest --onlyChanged` finds the spec files of a changed source. */
export type SharedPrograms = readonly [ApiModule, WorkerModule];

/** How a spec file reaches the installation it shares. */
export interface SharedInstallation {
  readonly client: ApiClient;
  readonly database: { readonly url: string };
  /** The settings with which further processes join it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The audit reads every row of the organizations of a file. */
const AUDIT_TIMEOUT_MS = 120_000;

/**
 * The installation that all spec files of this Jest process share: an API and a worker as built, in processes of their own, with default
 * settings. A file works in organizations of its own (`aTeam`), which nothing else touches. After the file's last test their rows are held
 * against the laws of the ledger.
 *
 * Call it at the top of a spec file: `const stowage = await sharedInstallation();`.
 *
 * @param kind `manual` is another one, without a worker: nothing happens but by `ManualPasses`
 */
export async function sharedInstallation(kind: Kind = 'complete'): Promise<SharedInstallation> {
  const { url, databaseUrl, environment, measuresCoverage } = (await ask(kind, 'start')) as InstallationAddress;
  const client = await ApiClient.connect(url);
  afterAll(async () => {
    await ask(kind, 'audit', { organizationIds: [...client.organizationIds] });
    if (measuresCoverage) addCoverage((await ask(kind, 'coverage')) as Coverage);
  }, AUDIT_TIMEOUT_MS);
  return { client, database: { url: databaseUrl }, environment };
}

/** Adds to the counters that Jest reads after the file's last test. */
function addCoverage(counters: Coverage): void {
  const jest = globalThis as { __coverage__?: Coverage };
  jest.__coverage__ ??= {};
  mergeCoverage(jest.__coverage__, counters);
}

async function ask<Name extends RequestName>(kind: Kind, name: Name, body?: Request[Name]): Promise<unknown> {
  const server = fromTestRun('STOWAGE_TEST_INSTALLATIONS_URL');
  const response = await fetch(`${server}/${fromTestRun('JEST_WORKER_ID')}/${kind}/${name}`, {
    method: 'POST',
    // A connection that is kept may be closed while the next request is on its way.
    headers: { connection: 'close' },
    body: JSON.stringify(body ?? null),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as unknown;
}
