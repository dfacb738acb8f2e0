import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBS = fileURLToPath(new URL('../../', import.meta.url));

let known: string | undefined;

/** Names the planner of this program: its release, and a digest of its code. Equal names mean equal plans of equal snapshots. */
export function plannerBuild(): string {
  return (known ??= `${version()}+${digest()}`);
}

function version(): string {
  const path = findPackageJSON('..', import.meta.url);
  if (path === undefined) throw new Error('this program has no package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

function digest(): string {
  const hash = createHash('sha256');
  const files = globSync(['packing/**/*.{js,ts}', 'kernel/**/*.{js,ts}'], {
    cwd: LIBS,
    exclude: ['**/testing/**', '**/*.spec.*', '**/*.d.ts', 'packing/explain/**', 'packing/proof/**'],
  });
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(LIBS, file)));
  return hash.digest('hex').slice(0, 12);
}
