// `node scripts/sdk-python.mjs [--types]`: generates libs/sdk-python from docs/openapi.json and builds its wheel. Prints the Python that it
// used and the path of the wheel. `--types` also checks the types of its sources and of the Python in documents, strictly.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { main, run } from './lib/processes.mjs';
import { inProject, Stop } from './lib/project.mjs';
import { buildWheel, ensurePython } from './lib/python.mjs';

const PYRIGHT = 'pyright@1.1.414';
const DOCUMENTS = ['README.md', 'libs/sdk-python/README.md', 'docs/tutorials/python.md'];
const PROGRAMS = inProject('libs', 'sdk-python', '.documents');

/** Writes the Python of each document as a program. */
function writePrograms() {
  rmSync(PROGRAMS, { recursive: true, force: true });
  mkdirSync(PROGRAMS);
  DOCUMENTS.forEach((name, index) => {
    const blocks = [...readFileSync(inProject(name), 'utf8').matchAll(/^```python\n([\s\S]*?)^```$/gm)];
    if (blocks.length === 0) throw new Stop(`${name} has no Python`);
    writeFileSync(`${PROGRAMS}/document_${index}.py`, `# ${name}\n${blocks.map(([, block]) => block).join('\n')}`);
  });
}

async function checkTypes() {
  writePrograms();
  const cwd = inProject('libs', 'sdk-python');
  const python = await ensurePython(['httpx', 'mypy']);
  const mypy = await run(python, ['-m', 'mypy'], { cwd });
  const pyright = await run('npx', ['--yes', PYRIGHT, '--pythonpath', python], { cwd });
  if (mypy !== 0 || pyright !== 0) throw new Stop('the types of the Python SDK are wrong: see above.');
}

await main(async () => {
  const python = await ensurePython(['httpx', 'hatchling']);
  const wheel = await buildWheel(python);
  if (process.argv.includes('--types')) await checkTypes();
  process.stdout.write(`${python}\n${wheel}\n`);
});
