import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { readCompose, runArguments } from './compose.mjs';
import { withDocker } from './docker.mjs';
import { run } from './processes.mjs';
import { say } from './progress.mjs';
import { inProject, Stop } from './project.mjs';

/** So long something may take to be well. */
const MAX_WAIT_MS = 60_000;

/** An image is smaller than this. */
const MAX_BYTES = 250_000_000;
const TARGETS = ['api', 'worker', 'migrate'];
const SERVERS = ['postgres', 'redis', 'load-balancer'];
const COMPOSE_FILE = inProject('docker', 'compose.yaml');
const NAME = 'stowage-check';

const words = (name) => (process.env[name] ?? '').split(' ').filter(Boolean);
const [general, building, running] = ['PODMAN_ARGS', 'PODMAN_BUILD_ARGS', 'PODMAN_RUN_ARGS'].map(words);

/** Runs podman. @returns what it wrote to both streams */
async function ask(args) {
  try {
    return await promisify(execFile)('podman', [...general, ...args], { maxBuffer: 1 << 28 });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Stop('podman is not on this machine');
    throw new Stop(`podman ${args.slice(0, 6).join(' ')} ... failed:\n${error.stdout}${error.stderr}`);
  }
}

/** Runs podman. @returns its answer, without what it warns of */
async function podman(...args) {
  return (await ask(args)).stdout.trim();
}

async function until(what, check) {
  let reason = '';
  const isTrue = () =>
    check().catch((error) => {
      reason = error.message;
      return false;
    });
  for (const end = Date.now() + MAX_WAIT_MS; !(await isTrue()); await sleep(250)) {
    if (Date.now() > end) throw new Stop(`not within ${MAX_WAIT_MS / 1_000} s: ${what}\n${reason}`);
  }
}

async function build(file, target, image) {
  say(`building ${image}`);
  const args = ['build', '--format=docker', ...building, '--file', inProject(file), '--target', target, '--tag', image];
  if ((await run('podman', [...general, ...args, inProject()])) !== 0) throw new Stop(`${image} cannot be built`);
}

/** The user, ports and command of an image, which hold for every engine. */
async function inspectImage(image) {
  const [size, user] = (await podman('image', 'inspect', '--format', '{{.Size}} {{.User}}', image)).split(' ');
  say(`${image}: ${Math.round(Number(size) / 1e6)} MB, user ${user}`);
  if (Number(size) >= MAX_BYTES) throw new Stop(`${image} is larger than ${MAX_BYTES / 1e6} MB`);
  if (user !== '1000:1000') throw new Stop(`${image} runs as ${user}`);
  const hasShell = await podman('run', '--rm', ...running, '--entrypoint', 'sh', image, '-c', 'true').then(
    () => true,
    () => false,
  );
  if (hasShell) throw new Stop(`${image} holds a shell`);
}

/** The containers of one run of the compose file. */
class Installation {
  /** The running containers of each service, oldest first. */
  copies = new Map();

  /** What containers of each service have said that were removed. */
  said = new Map();

  made = 0;

  constructor(folder) {
    this.folder = folder;
    this.compose = readCompose(COMPOSE_FILE);
  }

  /** Starts all services in order, each when those are well that it waits for. */
  async start() {
    // What a run has left that was ended in the middle.
    await this.remove();
    await podman('network', 'create', NAME);
    // The network's own names and nothing else: a second server that has never heard of them would contradict the first.
    this.dns = await podman('network', 'inspect', '--format', '{{(index .Subnets 0).Gateway}}', NAME);
    for (const [name, service] of Object.entries(this.compose.services)) {
      say(`starting ${name}`);
      if (service.restart === 'no') await this.runOnce(name);
      else await this.scale(name, service.deploy?.replicas ?? 1);
    }
  }

  /** Starts copies of a service, each when the one before is healthy, until there are as many. */
  async scale(name, count) {
    const service = this.serviceOf(name);
    while (this.containersOf(name).length < count) {
      const container = `${NAME}-${name}-${++this.made}`;
      this.copies.set(name, [...this.containersOf(name), container]);
      await podman('run', '--detach', '--name', container, '--network-alias', name, ...this.argumentsOf(service));
      await this.healthy(container, service);
    }
  }

  containersOf(name) {
    return this.copies.get(name) ?? [];
  }

  serviceOf(name) {
    const service = this.compose.services[name];
    if (service === undefined) throw new Stop(`there is no service ${name}`);
    return service;
  }

  async runOnce(name, command = []) {
    return podman(
      'run',
      '--rm',
      '--name',
      `${NAME}-${name}-once`,
      ...this.argumentsOf(this.serviceOf(name)),
      ...command,
    );
  }

  argumentsOf(service) {
    const volume = (volumeName) => `${NAME}-${volumeName}`;
    const own = runArguments(service, { composeFile: COMPOSE_FILE, secrets: this.folder, volume });
    return [`--network=${NAME}`, `--dns=${this.dns}`, ...running, ...own, service.image, ...(service.command ?? [])];
  }

  async healthy(container, { healthcheck, build: isOurs }) {
    if (healthcheck !== undefined) {
      const [, ...test] = healthcheck.test;
      await until(`${container} is healthy`, () => podman('exec', container, ...test).then(() => true));
    } else if (isOurs !== undefined) {
      await until(`${container} is healthy`, () => podman('healthcheck', 'run', container).then(() => true));
    }
  }

  /** Asks a process to stop, as an engine does, and holds it to it. */
  async stop(container) {
    await podman('stop', container);
    const code = await podman('inspect', '--format', '{{.State.ExitCode}}', container);
    if (code !== '0') throw new Stop(`${container} ended with ${code}`);
  }

  /** Removes a container that has stopped, and keeps what it said. */
  async forget(container) {
    for (const [name, containers] of this.copies) {
      if (!containers.includes(container)) continue;
      this.said.set(name, [...(this.said.get(name) ?? []), ...(await this.linesOf(container))]);
      const others = containers.filter((one) => one !== container);
      this.copies.set(name, others);
    }
    await podman('rm', container);
  }

  async executeIn(container, command) {
    return podman('exec', container, ...command);
  }

  async addressOf(name) {
    const format = `{{(index .NetworkSettings.Networks "${NAME}").IPAddress}}`;
    return podman('inspect', '--format', format, this.containersOf(name)[0]);
  }

  async linesOf(container) {
    const { stdout, stderr } = await ask(['logs', container]);
    return `${stdout}${stderr}`.split('\n');
  }

  /** What all containers of a service have said, those included that are gone. */
  async logsOf(name) {
    const lines = await Promise.all(this.containersOf(name).map((container) => this.linesOf(container)));
    return [...(this.said.get(name) ?? []), ...lines.flat()];
  }

  async remove() {
    const all = await podman('ps', '--all', '--quiet', '--filter', `name=^${NAME}-`);
    for (const container of all.split('\n').filter(Boolean)) await podman('rm', '--force', '--time', '5', container);
    // They complain when there is nothing to remove.
    await podman('network', 'rm', '--force', NAME).catch(() => undefined);
    await podman('volume', 'rm', '--force', `${NAME}-postgres`).catch(() => undefined);
  }
}

/** One demo after the other, until `isEnough` says so. Each one checks what it was told by itself. */
async function runDemos(url, deployments, isEnough) {
  do {
    const args = ['--url', url, '--limit', deployments, '--runtime', '1', '--capacity', '0.05'];
    const code = await run(process.execPath, [inProject('scripts', 'run.mjs'), 'demo', ...args]);
    if (code !== 0) throw new Stop(`the demo ended with ${code}`);
  } while (!isEnough());
}

/** Demos while docker/update.sh replaces every process of ours. */
async function driveAndUpdate(installation, url, deployments) {
  let isOver = false;
  const demos = runDemos(url, deployments, () => isOver);
  const update = async () => {
    const before = ['api', 'worker'].flatMap((name) => installation.containersOf(name));
    await sleep(5_000);
    say('updating, copy by copy');
    const code = await withDocker(installation, (env) =>
      run('sh', [inProject('docker', 'update.sh'), '--no-build'], { env }),
    );
    if (code !== 0) throw new Stop(`docker/update.sh ended with ${code}`);
    const after = ['api', 'worker'].flatMap((name) => installation.containersOf(name));
    const isReplaced = after.length === before.length && !after.some((container) => before.includes(container));
    if (!isReplaced) throw new Stop(`not replaced: ${before.join(' ')} became ${after.join(' ')}`);
  };
  await Promise.all([demos, update().finally(() => (isOver = true))]);
}

/** Dumps and restores the database as the role that owns it, by the commands of docs/operations/backup.md. */
async function backUp(installation) {
  const [postgres] = installation.containersOf('postgres');
  const url = readFileSync(join(installation.folder, 'migration_url'), 'utf8').replace('@postgres:', '@127.0.0.1:');
  const plain = ['--no-owner', '--no-privileges'];
  const inPostgres = (...command) => installation.executeIn(postgres, command);
  await inPostgres('pg_dump', '--format=custom', ...plain, '--file=/tmp/stowage.dump', url);
  await inPostgres('createdb', '--username=postgres', '--owner=stowage', 'restored');
  const restored = url.replace(/stowage$/, 'restored');
  await inPostgres('pg_restore', '--exit-on-error', ...plain, `--dbname=${restored}`, '/tmp/stowage.dump');
  const count = (database) =>
    inPostgres('psql', '--tuples-only', `--dbname=${database}`, '--command=select count(*) from ledger_entries');
  const [kept, restoredEntries] = [await count(url), await count(restored)];
  if (kept !== restoredEntries) throw new Stop(`${kept} entries of the ledger became ${restoredEntries} in the backup`);
  say(`a backup holds all ${kept.trim()} entries of the ledger`);
}

async function check(installation, deployments) {
  await installation.start();
  const url = `http://${await installation.addressOf('load-balancer')}:8080`;
  await until('the load balancer finds an API that is ready', async () => (await fetch(`${url}/health/ready`)).ok);
  await driveAndUpdate(installation, url, deployments);

  // Of what went well the load balancer says nothing; a connection that it had to make a second time is no failure.
  const failed = (await installation.logsOf('load-balancer')).filter((line) =>
    /(\/[+-]?\d+){4} (5\d\d|-1) /.test(line),
  );
  const faults = (await installation.logsOf('api')).filter(
    (line) => /"status":5\d\d/.test(line) && !line.includes('"route":"/health/'),
  );
  if (failed.length + faults.length > 0) throw new Stop(['requests failed:', ...failed, ...faults].join('\n'));
  const audit = await installation.runOnce('worker', ['node', 'dist/apps/admin/main.js', 'ledger', 'audit']);
  await backUp(installation);
  say(`no request failed; audit of the ledger: ${audit.replaceAll(/\s+/g, ' ')}`);
}

/**
 * Builds the images unless `isBuilt`, starts everything, drives it and updates it, and takes all of it away.
 *
 * @throws Stop with what is not as it should be
 */
export async function testContainers({ isBuilt, withStandIns, deployments }) {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-secrets-'));
  const installation = new Installation(folder);
  const { services } = installation.compose;
  for (const name of withStandIns && !isBuilt ? SERVERS : []) {
    await build('docker/stand-ins/Dockerfile', name, services[name].image);
  }
  for (const target of TARGETS) {
    if (!isBuilt) await build('docker/Dockerfile', target, services[target].image);
    await inspectImage(services[target].image);
  }
  await run(process.execPath, [inProject('docker', 'make-secrets.mjs'), folder]);
  try {
    await check(installation, deployments);
  } catch (error) {
    for (const name of Object.keys(services)) {
      process.stderr.write(`${name} said last:\n${(await installation.logsOf(name)).slice(-20).join('\n')}\n`);
    }
    throw error;
  } finally {
    await installation.remove();
    rmSync(folder, { recursive: true });
  }
}
