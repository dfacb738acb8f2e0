import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

import { fromTestRun } from '../support/from-test-run.js';
import { ROOT } from '../support/sdk.js';
import { Stowage } from '../support/stowage.js';

/** For a browser beside other work: a limit for what hangs, not for what is slow. */
const PATIENCE_MS = 30_000;
jest.setTimeout(120_000);

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SCREENSHOTS = join(ROOT, 'coverage/browser');

/** ReDoc wants its maker's logo from elsewhere, which the policy of the page forbids it. */
const isLogo = (text: string): boolean => /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini/.test(text);

interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

describe('the pages of the API, in a browser', () => {
  const profile = mkdtempSync(join(tmpdir(), 'stowage-browser-'));
  const complaints: string[] = [];
  let stowage: Stowage;
  let context: BrowserContext;
  let page: Page;
  let opened = 0;

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    stowage = await Stowage.start();
    context = await chromium.launchPersistentContext(profile, {
      executablePath: fromTestRun('STOWAGE_TEST_CHROMIUM'),
      headless: true,
      args: FLAGS,
      viewport: { width: 1280, height: 1000 },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    page = context.pages()[0] ?? (await context.newPage());
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A refusal that a test asks for is an error to the console, too.
      const isRefusal = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
      if (message.type() === 'error' && !isRefusal && !isLogo(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (
        !/^(data|blob):/.test(request.url()) &&
        !request.url().startsWith(stowage.client.url) &&
        !isLogo(request.url())
      ) {
        complaints.push(`it asks ${request.url()}`);
      }
    });
  });

  afterAll(async () => {
    await context.close();
    await stowage.stop();
    rmSync(profile, { recursive: true, force: true });
  });

  /**
   * Opens an operation by its link, as a colleague would send it. A query of its own makes each a new page; by way of `about:blank`, one in 20
   * pages of a headless Chromium never drew a frame, and clicks and screenshots wait for frames.
   */
  const open = async (tag: string, id: string): Promise<Locator> => {
    opened += 1;
    await page.goto(`${stowage.client.url}/docs?${opened}#/${encodeURIComponent(tag)}/${id}`);
    const block = page.locator(`.opblock.is-open[id$="-${id}"]`);
    await block.locator('.execute').waitFor();
    return block;
  };

  /** Fills the form of an open operation, sends it, and takes what the page shows. */
  const execute = async (block: Locator, { path = {}, body }: Asked): Promise<Record<string, unknown>> => {
    for (const [name, value] of Object.entries(path)) {
      await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    if (body !== undefined) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    const answered = page.waitForResponse(
      (response) => response.url().includes('/v1/') && response.request().method() !== 'OPTIONS',
    );
    await block.locator('.execute').click();
    const response = await answered;
    const shown = block.locator('.live-responses-table .response .response-col_status').first();
    await shown.filter({ hasText: String(response.status()) }).waitFor();
    return (await response.json()) as Record<string, unknown>;
  };

  const ask = async (tag: string, id: string, asked: Asked = {}): Promise<Record<string, unknown>> =>
    execute(await open(tag, id), asked);

  const screenshot = async (name: string): Promise<void> => {
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  };

  it('shows every group collapsed, in order, without a word from elsewhere', async () => {
    await page.goto(`${stowage.client.url}/docs`);
    await page.locator('.opblock-tag').first().waitFor();
    await screenshot('1-groups');
    expect(await page.locator('.opblock').count()).toBe(0);
    const groups = await Promise.all(
      (await page.locator('.opblock-tag').all()).map((tag) => tag.getAttribute('data-tag')),
    );
    expect(groups[0]).toBe('auth');
    expect(groups.indexOf('deployments')).toBeLessThan(groups.indexOf('operators'));
    expect(complaints).toEqual([]);
  });

  it('takes an administrator from an account to a cancelled deployment', async () => {
    const account = { username: 'ada', password: 'analytical engines run on punch cards' };
    expect(await ask('organizations', 'listOrganizations')).toMatchObject({ code: 'AUTH.UNAUTHENTICATED' });
    await ask('auth', 'registerUser', { body: account });

    // A token can be pasted, as with every Swagger UI; who signs in by the page need not do even that.
    await page.evaluate(() => localStorage.clear());
    const { accessToken } = await ask('auth', 'loginUser', { body: account });
    await page.locator('.auth-wrapper .authorize').first().click();
    await page.locator('.modal-ux').getByRole('button', { name: 'Remove authorization' }).click();
    await page.locator('.modal-ux input').fill(String(accessToken));
    await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).click();
    await screenshot('2-authorized');
    await page.locator('.modal-ux .btn-done').click();

    const { id: organizationId } = await ask('organizations', 'createOrganization', { body: { name: 'Vision Lab' } });
    const path = { organizationId: String(organizationId) };
    const capacity = { cpu: 8, memoryMib: 32_768, gpu: 2 };
    const cluster = await ask('clusters', 'createCluster', { path, body: { name: 'gpu-pool', capacity } });
    await screenshot('3-cluster');
    const image = 'nvcr.io/nvidia/pytorch:25.09-py3';
    const { id: deploymentId } = await ask('deployments', 'submitDeployment', {
      path: { ...path, clusterId: String(cluster['id']) },
      body: { image, resources: { cpu: 2, memoryMib: 8192, gpu: 1 } },
    });

    const deployment = { path: { ...path, deploymentId: String(deploymentId) } };
    const block = await open('deployments', 'getDeployment');
    const deadline = performance.now() + PATIENCE_MS;
    let status: unknown;
    while (status !== 'scheduled' && performance.now() < deadline) {
      status = (await execute(block, deployment))['status'];
      await page.waitForTimeout(200);
    }
    expect(status).toBe('scheduled');
    await screenshot('4-scheduled');

    expect(await ask('deployments', 'cancelDeployment', deployment)).toMatchObject({ status: 'cancelled' });
    await screenshot('5-cancelled');
    expect(complaints).toEqual([]);
  });

  it('fills its forms so that they are answered when nothing but ids is touched', async () => {
    const { client } = stowage;
    const account = { username: 'grace', password: 'compilers are written on paper first' };
    const { accessToken } = await ask('auth', 'registerUser', { body: account });
    const make = async (path: string, body: unknown): Promise<string> =>
      String((await client.post(path, { token: String(accessToken), body })).body['id']);
    const organizationId = await make('/v1/organizations', { name: 'Paper Lab' });
    const organization = `/v1/organizations/${organizationId}`;
    const capacity = { cpu: 8, memoryMib: 32_768, gpu: 2 };
    const clusterId = await make(`${organization}/clusters`, { name: 'gpu-pool', capacity });
    await client.post(`${organization}/clusters/${clusterId}/cordon`, { token: String(accessToken) });
    const deploymentId = await make(`${organization}/clusters/${clusterId}/deployments`, {
      image: 'nvcr.io/nvidia/pytorch:25.09-py3',
      resources: { cpu: 2, memoryMib: 8192, gpu: 2 },
    });

    const deployment = { path: { organizationId, deploymentId } };
    const cluster = { path: { organizationId, clusterId } };
    expect(await ask('scheduler', 'explainDeployment', deployment)).toMatchObject({ deploymentId, comparison: null });
    expect(await ask('deployments', 'updateDeployment', deployment)).toMatchObject({ status: 'queued', priority: 80 });
    expect(await ask('scheduler', 'planCluster', cluster)).toMatchObject({ deployments: [{ starts: 0, waits: 1 }] });
    await screenshot('6-prefilled');
    expect(await ask('clusters', 'updateCluster', cluster)).toMatchObject({
      name: 'gpu-pool',
      capacity,
      policy: { preemption: 'lower-priority' },
    });
    expect(complaints).toEqual([]);
  });

  it('shows the reference, whole and from here alone', async () => {
    await page.goto(`${stowage.client.url}/redoc`);
    await page.getByText('/v1/auth/register').first().waitFor();
    await screenshot('7-reference');
    expect(complaints).toEqual([]);
  });
});
