import { afterAll } from '@jest/globals';

import { ApiClient } from './api-client.js';
import { fromTestRun } from './from-test-run.js';
import { type Coverage, mergeCoverage } from './installations/coverage.js';
import { type InstallationAddress, type Request, type RequestName } from './installations/requests.js';

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
 */
export async function sharedInstallation(): Promise<SharedInstallation> {
  const { url, databaseUrl, environment } = (await ask('start')) as InstallationAddress;
  const client = await ApiClient.connect(url);
  afterAll(async () => {
    await ask('audit', { organizationIds: [...client.organizationIds] });
    const { __coverage__: coverage } = globalThis as { __coverage__?: Coverage };
    if (coverage !== undefined) mergeCoverage(coverage, (await ask('coverage')) as Coverage);
  }, AUDIT_TIMEOUT_MS);
  return { client, database: { url: databaseUrl }, environment };
}

async function ask<Name extends RequestName>(name: Name, body?: Request[Name]): Promise<unknown> {
  const url = `${fromTestRun('STOWAGE_TEST_INSTALLATIONS_URL')}/${fromTestRun('JEST_WORKER_ID')}/${name}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body ?? null) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as unknown;
}
