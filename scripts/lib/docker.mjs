import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Stop } from './project.mjs';

/** A program `docker` that hands its arguments on to this process. */
const programText = (socket) => `#!${process.execPath}
const { request } = require('node:http');
const asked = request({ socketPath: ${JSON.stringify(socket)}, method: 'POST' }, async (answer) => {
  let text = '';
  for await (const part of answer) text += part;
  process.stdout.write(text);
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
asked.end(JSON.stringify(process.argv.slice(2)));
`;

/** What docker/update.sh asks of `docker compose`, with the containers of an installation. Options say how, and are left out here. */
const COMPOSE = {
  run: (installation, words) => installation.runOnce(words.at(-1)),
  ps: async (installation, words) => installation.containersOf(words.at(-1)).join('\n'),
  exec: (installation, words) => {
    const [name, ...command] = words.slice(words.indexOf('-T') + 1);
    return installation.executeIn(installation.containersOf(name)[0], command);
  },
  up: async (installation, words) => {
    const [name, count] = words[words.indexOf('--scale') + 1].split('=');
    await installation.scale(name, Number(count));
    return '';
  },
};

async function answer(installation, [command, ...words]) {
  if (command === 'stop') return installation.stop(words.at(-1));
  if (command === 'exec') return installation.executeIn(words[0], words.slice(1));
  if (command === 'rm') return installation.forget(words.at(-1));
  const [, , name, ...rest] = words;
  if (command !== 'compose' || !(name in COMPOSE)) throw new Stop(`docker ${command} ${name} is not known here`);
  return COMPOSE[name](installation, rest);
}

/**
 * Runs `work` with an environment in whose PATH `docker` means the containers of an installation: podman runs them where there is no Docker
 * Compose. Commands that docker/update.sh does not give are refused.
 */
export async function withDocker(installation, work) {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-docker-'));
  const socket = join(folder, 'socket');
  const server = createServer(async (request, response) => {
    try {
      const text = await new Response(request).text();
      response.end(`${(await answer(installation, JSON.parse(text))) ?? ''}\n`);
    } catch (error) {
      response.writeHead(500).end(`${error.message}\n`);
    }
  });
  await new Promise((resolve) => server.listen(socket, resolve));
  writeFileSync(join(folder, 'docker'), programText(socket), { mode: 0o755 });
  try {
    return await work({ ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}
