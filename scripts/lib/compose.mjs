import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { parse } from 'yaml';

import { Stop } from './project.mjs';

/** What a service of a compose file may say, each as arguments of `podman run`. What is not here would be left out in silence: it is refused. */
const ARGUMENTS = {
  user: (user) => ['--user', user],
  // Without the folders that podman would leave writable of its own accord.
  read_only: (isReadOnly) => (isReadOnly ? ['--read-only', '--read-only-tmpfs=false'] : []),
  cap_drop: (names) => names.map((name) => `--cap-drop=${name}`),
  security_opt: (options) => options.map((option) => `--security-opt=${option.replace(':true', '')}`),
  environment: (values) => Object.entries(values).map(([name, value]) => `--env=${name}=${value}`),
  tmpfs: (paths) => paths.map((path) => `--tmpfs=${path}`),
  shm_size: (size) => [`--shm-size=${size}`],
  stop_signal: (signal) => [`--stop-signal=${signal}`],
  stop_grace_period: (period) => [`--stop-timeout=${Number.parseInt(period, 10)}`],
};

/** Keys about how services belong together: the caller handles them. */
const ELSEWHERE = new Set([
  ...['image', 'build', 'command', 'secrets', 'volumes', 'networks', 'ports', 'depends_on', 'deploy', 'healthcheck'],
  // A container that ends ends the test, and what it said is kept by the engine.
  ...['restart', 'logging'],
]);

/** @returns {Record<string, object>} the services of a compose file, in the order in which they can be started */
export function readCompose(path) {
  const { services, secrets } = parse(readFileSync(path, 'utf8'), { merge: true });
  const started = new Map();
  const add = (name) => {
    if (started.has(name)) return;
    Object.keys(services[name].depends_on ?? {}).forEach(add);
    started.set(name, services[name]);
  };
  Object.keys(services).forEach(add);
  return { services: Object.fromEntries(started), secretNames: Object.keys(secrets) };
}

/** The arguments of `podman run` for a service: as the file says, in a network, with secrets from a folder, and volumes of our own. */
export function runArguments(service, { composeFile, secrets, volume }) {
  const unknown = Object.keys(service).filter((key) => !(key in ARGUMENTS) && !ELSEWHERE.has(key));
  if (unknown.length > 0) throw new Stop(`scripts/lib/compose.mjs does not know what to make of ${unknown.join(', ')}`);
  const mounts = (service.volumes ?? []).map((text) => {
    const [source, ...rest] = text.split(':');
    return [source.startsWith('.') ? resolve(dirname(composeFile), source) : volume(source), ...rest].join(':');
  });
  return [
    ...Object.entries(ARGUMENTS).flatMap(([key, toArguments]) => (key in service ? toArguments(service[key]) : [])),
    ...(service.secrets ?? []).map((name) => `--volume=${resolve(secrets, name)}:/run/secrets/${name}:ro`),
    ...mounts.map((mount) => `--volume=${mount}`),
  ];
}
