// `node prune.mjs FOLDER`: takes out of node_modules what no program of ours ever loads: types, source maps, the sources of what is
// compiled, texts, tests, and the compiler, which is there for a plugin of another program. Licences stay.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = ['typescript', '@types', 'undici-types'];
const FOLDERS = /^(tests?|__tests__|docs?|examples?|benchmarks?|\.github|man)$/;
const FILES = /(\.d\.[cm]?ts|\.[cm]?tsx?|\.map|\.md|\.markdown|\.flow|\.tsbuildinfo)$/;
const KEPT = /^(licen[cs]e|notice|copying)/i;
const root = process.argv[2];

function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (FOLDERS.test(entry.name) && !isPackage(path)) rmSync(path, { recursive: true });
      else prune(path);
    } else if (FILES.test(entry.name) && !KEPT.test(entry.name)) {
      rmSync(path);
    }
  }
}

/** A folder directly in node_modules, or in a scope there, is a package, whatever its name. */
const isPackage = (path) => /(^|[\\/])node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+$/.test(path);

for (const name of PACKAGES) rmSync(join(root, name), { recursive: true, force: true });
prune(root);
