import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { readCompose, runArguments } from './compose.mjs';
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

/** The names of a service's containers. */
const namesOf = (name, { deploy }) =>
  Array.from({ length: deploy?.replicas ?? 1 }, (_, copy) => `${NAME}-${name}-${copy + 1}`);

/** The containers of one run of the compose file. */
class Installation {
  /** @type {string[]} */
  containers = [];

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
      if (service.restart === 'no') await this.runOnce(name, service);
      else await this.startCopies(name, service);
    }
  }

  async startCopies(name, service) {
    for (const container of namesOf(name, service)) {
      this.containers.push(container);
      await podman('run', '--detach', '--name', container, '--network-alias', name, ...this.argumentsOf(service));
      await this.healthy(container, service);
    }
  }

  async runOnce(name, service, command = []) {
    return podman('run', '--rm', '--name', `${NAME}-${name}`, ...this.argumentsOf(service), ...command);
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

  /** Asks a process of ours to stop, as an orchestrator does, and starts it again. */
  async restart(container, service) {
    await podman('stop', container);
    const code = await podman('inspect', '--format', '{{.State.ExitCode}}', container);
    if (code !== '0') throw new Stop(`${container} ended with ${code}`);
    await podman('start', container);
    await this.healthy(container, service);
  }

  async addressOf(container) {
    return podman('inspect', '--format', `{{(index .NetworkSettings.Networks "${NAME}").IPAddress}}`, container);
  }

  async logsOf(name) {
    const ours = this.containers.filter((container) => container.startsWith(`${NAME}-${name}-`));
    const said = await Promise.all(ours.map((container) => ask(['logs', container])));
    return said.flatMap(({ stdout, stderr }) => `${stdout}${stderr}`.split('\n'));
  }

  /** How often the load balancer has found that an API is well again. */
  async timesFound() {
    return (await this.logsOf('load-balancer')).filter(
      (line) => line.startsWith('Server ') && line.includes(' is UP, '),
    ).length;
  }

  async remove() {
    const all = Object.entries(this.compose.services).flatMap(([name, service]) => namesOf(name, service));
    for (const container of all.toReversed()) await podman('rm', '--force', '--ignore', '--time', '5', container);
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

/** Demos while everything of ours is restarted, one after the other. */
async function driveAndRestart(installation, url, deployments) {
  let isOver = false;
  const demos = runDemos(url, deployments, () => isOver);
  const restarts = async () => {
    const { api, worker } = installation.compose.services;
    for (const copy of [1, 2]) {
      await sleep(5_000);
      say(`restarting API and worker ${copy} of 2`);
      await installation.restart(`${NAME}-worker-${copy}`, worker);
      const seen = await installation.timesFound();
      await installation.restart(`${NAME}-api-${copy}`, api);
      await until('the load balancer has found it again', async () => (await installation.timesFound()) > seen);
    }
  };
  await Promise.all([demos, restarts().finally(() => (isOver = true))]);
}

async function check(installation, deployments) {
  await installation.start();
  const url = `http://${await installation.addressOf(`${NAME}-load-balancer-1`)}:8080`;
  await until('the load balancer finds an API that is ready', async () => (await fetch(`${url}/health/ready`)).ok);
  await driveAndRestart(installation, url, deployments);

  // Of what went well the load balancer says nothing; a connection that it had to make a second time is no failure.
  const failed = (await installation.logsOf('load-balancer')).filter((line) =>
    /(\/[+-]?\d+){4} (5\d\d|-1) /.test(line),
  );
  const faults = (await installation.logsOf('api')).filter(
    (line) => /"status":5\d\d/.test(line) && !line.includes('"route":"/health/'),
  );
  if (failed.length + faults.length > 0) throw new Stop(['requests failed:', ...failed, ...faults].join('\n'));
  const { worker } = installation.compose.services;
  const audit = await installation.runOnce('audit', worker, ['node', 'dist/apps/admin/main.js', 'ledger', 'audit']);
  say(`no request failed; audit of the ledger: ${audit.replaceAll(/\s+/g, ' ')}`);
}

/**
 * Builds the images unless `isBuilt`, starts everything, drives it and restarts it, and takes all of it away.
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
