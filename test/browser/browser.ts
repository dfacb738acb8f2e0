import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

import { fromTestRun } from '../support/from-test-run.js';
import { ROOT } from '../support/sdk.js';
import { Stowage } from '../support/stowage.js';

/** For a browser beside other work: a limit for what hangs, not for what is slow. */
export const PATIENCE_MS = 30_000;

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

/** What is filled into the form of an operation. */
export interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An installation of its own, and a browser with its pages. */
export class Browser {
  /** Errors of the pages, and requests to elsewhere. */
  readonly complaints: string[] = [];
  private opened = 0;

  private constructor(
    readonly stowage: Stowage,
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly profile: string,
  ) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // A refusal that a test asks for is an error to the console, too.
      const isRefusal = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
      if (message.type() === 'error' && !isRefusal && !isLogo(message.text())) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(data|blob):/.test(url) && !url.startsWith(stowage.client.url) && !isLogo(url)) {
        this.complaints.push(`asks ${url}`);
      }
    });
  }

  static async start(): Promise<Browser> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const profile = mkdtempSync(join(tmpdir(), 'stowage-browser-'));
    const stowage = await Stowage.start();
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: fromTestRun('STOWAGE_TEST_CHROMIUM'),
      headless: true,
      args: FLAGS,
      viewport: { width: 1280, height: 1000 },
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Browser(stowage, context.pages()[0] ?? (await context.newPage()), context, profile);
  }

  async stop(): Promise<void> {
    await this.context.close();
    await this.stowage.stop();
    rmSync(this.profile, { recursive: true, force: true });
  }

  /**
   * Opens an operation by its link, as a colleague would send it. A query of its own makes each a new page; by way of `about:blank`, one in 20
   * pages of a headless Chromium never drew a frame, and clicks and screenshots wait for frames.
   */
  async open(tag: string, id: string): Promise<Locator> {
    this.opened += 1;
    await this.page.goto(`${this.stowage.client.url}/docs?${this.opened}#/${encodeURIComponent(tag)}/${id}`);
    const block = this.page.locator(`.opblock.is-open[id$="-${id}"]`);
    await block.locator('.execute').waitFor();
    return block;
  }

  /** Fills the form of an open operation, sends it, and takes what the page shows. */
  async execute(block: Locator, { path = {}, body }: Asked = {}): Promise<Record<string, unknown>> {
    for (const [name, value] of Object.entries(path)) {
      await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    if (body !== undefined) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    const answered = this.page.waitForResponse(
      (response) => response.url().includes('/v1/') && response.request().method() !== 'OPTIONS',
    );
    await block.locator('.execute').click();
    const response = await answered;
    const shown = block.locator('.live-responses-table .response .response-col_status').first();
    await shown.filter({ hasText: String(response.status()) }).waitFor();
    return response.status() === 204 ? {} : ((await response.json()) as Record<string, unknown>);
  }

  async ask(tag: string, id: string, asked: Asked = {}): Promise<Record<string, unknown>> {
    return this.execute(await this.open(tag, id), asked);
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }
}
