import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const WORKFLOWS = '.github/workflows';

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly dev?: boolean; readonly devOptional?: boolean; readonly link?: boolean }
    >
  >;
}

interface Component {
  readonly group?: string;
  readonly name: string;
  readonly purl: string;
}

/** What is wrong with workflows. */
function faultsOf(...paths: readonly string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ['scripts/workflows.mjs', ...paths], { encoding: 'utf8' });
  return stderr.split('\n').filter((line) => line.includes('.yaml:'));
}

describe('a release', () => {
  it('has workflows that GitHub accepts', () => {
    const names = readdirSync(WORKFLOWS);
    expect(names).toEqual(['ci.yaml', 'release.yaml']);
    expect(faultsOf(...names.map((name) => join(WORKFLOWS, name)))).toEqual([]);
  });

  it.each([
    ['an unknown key', 'runs-on:', 'run-on:', /unexpected key "run-on"/],
    ['an unknown variable', '${{ secrets.', '${{ secret.', /undefined variable "secret"/],
    ['a job that does not exist', 'needs: images', 'needs: image', /needs job "image"/],
  ])('refuses a workflow with %s', (_, right, wrong, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'stowage-workflow-'));
    const broken = join(folder, 'release.yaml');
    writeFileSync(broken, readFileSync(join(WORKFLOWS, 'release.yaml'), 'utf8').replace(right, wrong));
    expect(faultsOf(broken)).toContainEqual(expect.stringMatching(message));
    rmSync(folder, { recursive: true });
  });

  it('lists every npm package of the images by version, and none of the tools', () => {
    const text = execFileSync('npm', ['run', '--silent', 'sbom'], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const { components } = JSON.parse(text) as { components: readonly Component[] };
    const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
    const installed = Object.entries(packages).filter(
      ([path, { link }]) => /^node_modules\//.test(path) && link !== true,
    );
    const purls = (isChosen: (entry: Lock['packages'][string]) => boolean): string[] =>
      installed
        .filter(([, entry]) => isChosen(entry))
        .map(([path, { version = '' }]) => `pkg:npm/${nameOf(path).replace('@', '%40')}@${version}`);
    const listed = new Set(components.map(({ purl }) => purl));
    const needed = purls(({ dev = false, devOptional = false }) => !dev && !devOptional);
    // What a tool brings and an image may have, too, counts as neither.
    const tools = purls(({ dev = false }) => dev);
    expect(needed.length).toBeGreaterThan(200);
    expect(needed.filter((purl) => !listed.has(purl))).toEqual([]);
    expect(tools.filter((purl) => !needed.includes(purl) && listed.has(purl))).toEqual([]);
  });
});
