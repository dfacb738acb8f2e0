import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Page } from 'playwright-core';

import { type Stowage } from '../support/stowage.js';
import { type Asked, Browser, PATIENCE_MS } from './browser.js';

jest.setTimeout(120_000);

describe('the pages of the API, in a browser', () => {
  let browser: Browser;
  let stowage: Stowage;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    browser = await Browser.start();
    ({ stowage, page, complaints } = browser);
  });

  afterAll(async () => browser.stop());

  const ask = (tag: string, id: string, asked?: Asked): Promise<Record<string, unknown>> => browser.ask(tag, id, asked);
  const screenshot = (name: string): Promise<void> => browser.screenshot(name);

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
    const block = await browser.open('deployments', 'getDeployment');
    const deadline = performance.now() + PATIENCE_MS;
    let status: unknown;
    while (status !== 'scheduled' && performance.now() < deadline) {
      status = (await browser.execute(block, deployment))['status'];
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
