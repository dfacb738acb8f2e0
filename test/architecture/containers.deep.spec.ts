import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { unknownVariables, workerEnvironment } from '#config';

import { environmentOf, LOAD, makeSecrets, type Secrets, secretsNamedIn, stagesOf } from './support/containers.js';

/** What of a service these tests look at. */
interface Service {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly user?: string;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly replicas: number };
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const read = (path: string): string => readFileSync(path, 'utf8');

describe('the containers', () => {
  const compose = parse(read('docker/compose.yaml'), { merge: true }) as Compose;
  const stages = stagesOf(read('docker/Dockerfile'));
  const services = Object.entries(compose.services);
  const ours = services.flatMap(([name, service]) => {
    const stage = stages.get(service.build?.target ?? '');
    return stage === undefined
      ? []
      : [{ name, service, stage, env: { ...environmentOf(stage), ...service.environment } }];
  });
  let secrets: Secrets;

  beforeAll(() => {
    secrets = makeSecrets();
  });

  afterAll(() => {
    secrets.remove();
  });

  it('builds API, worker and migration, each from a stage of the Dockerfile', () => {
    expect(ours.map(({ name }) => name)).toEqual(['migrate', 'api', 'worker']);
    expect(services.filter(([, { build }]) => build !== undefined)).toHaveLength(ours.length);
  });

  it('builds images from files that exist and are part of the build context', () => {
    const given = new Set(
      read('.dockerignore')
        .split('\n')
        .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])),
    );
    const copied = [...read('docker/Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((name) => !existsSync(name) || !given.has(name))).toEqual([]);
  });

  it('runs programs that exist, including the ones that the documents name', () => {
    const texts = [
      'docker/Dockerfile',
      'docker/README.md',
      'docs/operations/install.md',
      'docs/operations/upgrade.md',
      'docs/operations/backup.md',
    ];
    const programs = texts.flatMap((path) => read(path).match(/dist\/[\w/-]+\.js/g) ?? []);
    expect(programs.length).toBeGreaterThan(8);
    expect(programs.filter((path) => !existsSync(path.replace(/^dist\//, '').replace(/js$/, 'ts')))).toEqual([]);
  });

  it('grants containers no rights that they do not need', () => {
    for (const [name, { read_only: isReadOnly, cap_drop: dropped, security_opt: options }] of services) {
      expect({ name, isReadOnly, dropped, options }).toEqual({
        name,
        isReadOnly: true,
        dropped: ['ALL'],
        options: ['no-new-privileges:true'],
      });
    }
    const rooted = services.filter(([, { user, build }]) => {
      const instructions = stages.get(build?.target ?? '')?.instructions ?? [];
      return user === undefined && !instructions.includes('USER 1000:1000');
    });
    expect(rooted).toEqual([]);
  });

  it('passes only settings that the containers read and accept', () => {
    for (const { name, env } of ours) {
      expect(() => LOAD[name]?.(env, (path) => read(join(secrets.folder, basename(path))))).not.toThrow();
      expect({ name, unknown: unknownVariables(env) }).toEqual({ name, unknown: [] });
    }
  });

  it('passes secrets as files, to each container only the ones that the container reads', () => {
    for (const { name, service, env } of ours) {
      expect({ name, secrets: [...(service.secrets ?? [])].sort() }).toEqual({ name, secrets: secretsNamedIn(env) });
    }
    const made = Object.entries(compose.secrets).filter(
      ([name, { file }]) => file === `./secrets/${name}` && existsSync(join(secrets.folder, name)),
    );
    expect(made).toHaveLength(Object.keys(compose.secrets).length);
    expect(read('.gitignore').split('\n')).toContain('docker/secrets/');
  });

  it('gives the worker no secret of the API', () => {
    const env = ours.find(({ name }) => name === 'worker')?.env ?? {};
    expect(workerEnvironment(env)).toEqual(env);
  });

  it('checks the health of containers, starts them after the migration, and gives them time to stop', () => {
    for (const { name, service, stage, env } of ours.filter((one) => one.name !== 'migrate')) {
      expect({ name, isAsked: stage.instructions.some((line) => line.startsWith('HEALTHCHECK')) }).toEqual({
        name,
        isAsked: true,
      });
      expect(service.depends_on?.['migrate']).toEqual({ condition: 'service_completed_successfully' });
      expect(service.deploy?.replicas).toBe(2);
      const delay = Number(env['STOWAGE_STOP_DELAY_SECONDS'] ?? 0);
      expect(Number.parseInt(service.stop_grace_period ?? '0', 10)).toBeGreaterThanOrEqual(20 + delay);
    }
    for (const name of ['postgres', 'redis']) expect(compose.services[name]?.healthcheck).toBeDefined();
  });

  it('lists every API container with its port in the load balancer', () => {
    const [, most, port] = /server-template api 1-(\d+) api:(\d+) /.exec(read('docker/haproxy.cfg')) ?? [];
    const api = ours.find(({ name }) => name === 'api');
    expect(port).toBe(api?.env['PORT']);
    expect(Number(most)).toBeGreaterThanOrEqual(api?.service.deploy?.replicas ?? Infinity);
  });
});
