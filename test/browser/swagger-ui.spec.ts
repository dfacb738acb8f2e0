import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Locator, type Page } from 'playwright-core';

import { Browser, PATIENCE_MS } from './browser.js';

jest.setTimeout(120_000);

describe('what Swagger UI here does beyond Swagger UI', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await Browser.start();
    ({ page } = browser);
  });

  afterAll(async () => browser.stop());

  /** The ids of the operations that a phrase finds, in the order of the page. */
  const found = async (phrase: string): Promise<string[]> => {
    await page.locator('.operation-filter-input').fill(phrase);
    await page.locator('.opblock, .nothing-found').first().waitFor();
    return page.locator('.opblock-summary-operation-id').allTextContents();
  };

  it('finds operations by path, summary, id, method and group, and opens their groups', async () => {
    await page.goto(`${browser.stowage.client.url}/docs?filter`);
    await page.locator('.opblock-tag').first().waitFor();
    expect(await found('/queue')).toEqual(['listQueue']);
    await browser.screenshot('8-filter');
    expect(await found('Stay signed IN')).toEqual(['refreshTokens']);
    expect(await found('submitDeployments')).toEqual(['submitDeployments']);
    expect(await found('delete cluster')).toContain('revokeClusterAccess');
    expect(await found('service accounts')).toHaveLength(6);
    await page.locator('.operation-filter-input').fill('');
    await page.locator('.opblock').first().waitFor({ state: 'detached' });
    expect(await page.locator('.opblock-tag').count()).toBeGreaterThan(8);
  });

  it('names what was searched when nothing matches', async () => {
    await page.goto(`${browser.stowage.client.url}/docs?nothing`);
    await page.locator('.opblock-tag').first().waitFor();
    expect(await found('teapot')).toEqual([]);
    await browser.screenshot('9-nothing');
    const text = await page.locator('main').textContent();
    expect(text).toContain('No operation matches “teapot”: group, method, path, summary and id');
    expect(text).not.toContain('No operations defined in spec!');
    expect(await found('teapo')).toEqual([]);
    expect(await found('listQueue')).toEqual(['listQueue']);
  });

  const idIn = (block: Locator, name: string): Promise<string> =>
    block.locator(`tr[data-param-name="${name}"] input`).inputValue();

  /** Sends an operation with the ids as the page has filled them in. */
  const send = async (tag: string, id: string, body?: unknown): Promise<Record<string, unknown>> => {
    const answer = await browser.ask(tag, id, { body });
    expect(answer).not.toHaveProperty('requestId');
    return answer;
  };

  it('leads through ten steps without an id to paste', async () => {
    await send('auth', 'registerUser', { username: 'mary', password: 'steam and iron and ten steps' });
    await send('organizations', 'createOrganization', { name: 'Ten Steps' });
    await send('organizations', 'createInvite', { role: 'developer' });
    const capacity = { cpu: 2, memoryMib: 8192, gpu: 0 };
    const { id: clusterId } = await send('clusters', 'createCluster', { name: 'small', capacity });
    const deployment = { image: 'busybox:1.37', resources: { cpu: 2, memoryMib: 1024, gpu: 0 } };
    const first = await send('deployments', 'submitDeployment', deployment);
    expect(await send('deployments', 'getDeployment')).toMatchObject({ id: first['id'], clusterId });
    const second = await send('deployments', 'submitDeployment', deployment);
    expect(await send('scheduler', 'explainDeployment')).toMatchObject({ deploymentId: second['id'] });
    await send('scheduler', 'listPasses');
    expect(await send('deployments', 'cancelDeployment')).toMatchObject({ id: second['id'], status: 'cancelled' });
    expect(browser.complaints).toEqual([]);
  });

  it('keeps an id that was typed, and takes the ids of lists', async () => {
    await send('auth', 'registerUser', { username: 'annie', password: 'a catalogue of many bright stars' });
    const { id: one } = await send('organizations', 'createOrganization', { name: 'One' });
    const { id: other } = await send('organizations', 'createOrganization', { name: 'Other' });
    const block = await browser.open('organizations', 'getOrganization');
    expect(await idIn(block, 'organizationId')).toBe(other);
    await browser.execute(block, { path: { organizationId: String(one) } });
    await send('organizations', 'listOrganizations');
    expect(await idIn(await browser.open('clusters', 'listClusters'), 'organizationId')).toBe(one);
    await send('organizations', 'deleteOrganization');
    await send('organizations', 'listOrganizations');
    expect(await idIn(await browser.open('clusters', 'listClusters'), 'organizationId')).toBe(other);
  });

  it('opens the padlock and explains why when a token has ended', async () => {
    const account = { username: 'maria', password: 'a comet by telescope at night' };
    const { refreshToken } = await browser.ask('auth', 'registerUser', { body: account });
    const block = await browser.open('me', 'getMe');
    await page.locator('.auth-wrapper .authorize.locked').waitFor();
    await browser.stowage.client.post('/v1/auth/logout', { body: { refreshToken } });
    const deadline = performance.now() + PATIENCE_MS;
    while ((await browser.execute(block))['code'] === undefined && performance.now() < deadline) {
      await page.waitForTimeout(500);
    }
    const dialog = page.locator('.modal-ux');
    await dialog.filter({ hasText: 'The token is no longer accepted' }).waitFor();
    await browser.screenshot('10-expired');
    await dialog.locator('.btn-done').click();
    await page.locator('.auth-wrapper .authorize.unlocked').waitFor();

    await browser.ask('auth', 'loginUser', { body: account });
    await page.locator('.auth-wrapper .authorize.locked').click();
    expect(await dialog.textContent()).not.toContain('no longer accepted');
    expect(browser.complaints).toEqual([]);
  });
});
