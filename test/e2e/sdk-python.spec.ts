import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, execute, ROOT } from '../support/sdk.js';
import { sharedInstallation } from '../support/shared-installation.js';

const TUTORIAL = 'docs/tutorials/python.md';

/** The Python of a page, its blocks in their order as one program. */
function programOf(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block).join('\n');
}

/** What a program promises to print, in comments behind its prints. */
function promisedBy(program: string): string[] {
  return [...program.matchAll(/print\(.*\) {2}# (.+)$/gm)].map(([, text = '']) => text);
}

const stowage = await sharedInstallation();

describe('the Python SDK, from its wheel', () => {
  let python: string;
  let wheel: string;

  beforeAll(async () => {
    const built = await execute(process.execPath, [join(ROOT, 'scripts/sdk-python.mjs')], ROOT);
    if (built.code !== 0) throw new Error(built.stderr);
    [python = '', wheel = ''] = built.stdout.trim().split('\n');
  }, 300_000);

  const run = async (...args: readonly string[]): Promise<Ended> => {
    const env = { PYTHONPATH: wheel, PYTHONDONTWRITEBYTECODE: '1', STOWAGE_URL: stowage.client.url };
    return execute(python, args, join(ROOT, 'libs/sdk-python'), env);
  };

  it('contains modules, the mark of typed packages, and its metadata', async () => {
    const { stdout } = await run('-c', 'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist())', wheel);
    const names = stdout.trim().split(' ');
    const modules = /^stowage\/(\w+\.py|generated\/\w+\.py|py\.typed)$/;
    expect(names.filter((name) => !modules.test(name) && !/^stowage-[\d.]+\.dist-info\/[A-Z]+$/.test(name))).toEqual(
      [],
    );
    expect(names).toEqual(expect.arrayContaining(['stowage/py.typed', 'stowage/generated/models.py']));
  });

  it('has the version of the project, and a method for each operation in both clients', async () => {
    const program =
      'import json, importlib.metadata, stowage\n' +
      'of = lambda kind: sorted(n for n in dir(kind) if not n.startswith("_"))\n' +
      'print(json.dumps([importlib.metadata.version("stowage"), of(stowage.Stowage), of(stowage.AsyncStowage)]))';
    const [version, methods, asyncMethods] = JSON.parse((await run('-c', program)).stdout) as [
      string,
      string[],
      string[],
    ];
    const read = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
    const { paths } = read('docs/openapi.json') as { paths: Record<string, Record<string, { operationId: string }>> };
    const names = Object.values(paths)
      .flatMap((item) => Object.values(item).map(({ operationId }) => operationId))
      .map((id) => id.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    expect(version).toBe((read('package.json') as { version: string }).version);
    expect(methods).toEqual(expect.arrayContaining(names));
    expect(asyncMethods).toEqual(methods);
  });

  it('retries what is safe, renews its session once, resumes its events, and serves a whole life of a deployment', async () => {
    const { code, stderr } = await run('-m', 'unittest', 'discover', '-t', '.', '-s', 'tests');
    expect(stderr).toMatch(/\nOK\n$/);
    expect(code).toBe(0);
  });

  it.each([TUTORIAL, 'README.md'])(
    'runs the Python of %s, and gets the output that the page promises',
    async (page) => {
      const program = programOf(page).replace('http://127.0.0.1:3000', stowage.client.url);
      const { code, stdout, stderr } = await run('-c', program);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(promisedBy(program)).not.toEqual([]);
      expect(stdout.trim().split('\n')).toEqual(expect.arrayContaining(promisedBy(program)));
    },
  );
});
