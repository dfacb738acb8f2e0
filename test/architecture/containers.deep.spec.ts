import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

import {
  type Environment,
  loadCommandSettings,
  loadSettings,
  loadWorkerSettings,
  unknownVariables,
  workerEnvironment,
} from '#config';

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

/** What of a pod these tests look at. */
interface Pod {
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly securityContext: object;
    readonly ports?: readonly { readonly containerPort: number }[];
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly startupProbe?: Probe;
    readonly livenessProbe?: Probe;
    readonly readinessProbe?: Probe;
  }[];
  readonly volumes: readonly { readonly secret?: { readonly items: readonly { readonly key: string }[] } }[];
}

interface Probe {
  readonly httpGet: { readonly path: string };
  readonly periodSeconds: number;
}

/** A stage of the Dockerfile: its instructions with those of the stages that it is made from. */
interface Stage {
  readonly instructions: readonly string[];
}

function stagesOf(dockerfile: string): Map<string, Stage> {
  const stages = new Map<string, Stage>();
  for (const part of dockerfile
    .replaceAll('\\\n', ' ')
    .split(/^FROM /m)
    .slice(1)) {
    const [first = '', ...lines] = part.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const [, from = '', name = ''] = /^(\S+) AS (\S+)$/.exec(first) ?? [];
    stages.set(name, { instructions: [...(stages.get(from)?.instructions ?? []), ...lines] });
  }
  return stages;
}

/** The variables that an image sets. */
const environmentOf = ({ instructions }: Stage): Record<string, string> =>
  Object.fromEntries(
    instructions
      .filter((line) => line.startsWith('ENV '))
      .flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])),
  );

const read = (path: string): string => readFileSync(path, 'utf8');

/** How each program of ours reads its settings. */
const LOAD: Readonly<Record<string, (env: Environment, readFile: (path: string) => string) => unknown>> = {
  api: loadSettings,
  worker: loadWorkerSettings,
  migrate: loadCommandSettings,
};

/** The names of the files that variables of an environment name, as a container is given them. */
const secretsNamedIn = (env: Environment): string[] =>
  Object.entries(env)
    .flatMap(([variable, path]) => (variable.endsWith('_FILE') ? [(path ?? '').replace('/run/secrets/', '')] : []))
    .sort();

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
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stowage-secrets-'));
    execFileSync(process.execPath, ['docker/make-secrets.mjs', folder]);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
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
      expect(() => LOAD[name]?.(env, (path) => read(join(folder, basename(path))))).not.toThrow();
      expect({ name, unknown: unknownVariables(env) }).toEqual({ name, unknown: [] });
    }
  });

  it('passes secrets as files, to each container only the ones that the container reads', () => {
    for (const { name, service, env } of ours) {
      expect({ name, secrets: [...(service.secrets ?? [])].sort() }).toEqual({ name, secrets: secretsNamedIn(env) });
    }
    const made = Object.entries(compose.secrets).filter(
      ([name, { file }]) => file === `./secrets/${name}` && existsSync(join(folder, name)),
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

  describe('in Kubernetes', () => {
    const objects = parseAllDocuments(read('docker/kubernetes.yaml')).map(
      (document) => document.toJS() as { kind: string; spec: { replicas?: number; template?: { spec: Pod } } },
    );
    const pods = objects.flatMap(({ spec }) => {
      const pod = spec.template?.spec;
      const [container] = pod?.containers ?? [];
      const stage = stages.get(container?.name ?? '');
      if (pod === undefined || container === undefined || stage === undefined) return [];
      const own = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
      return [{ pod, container, replicas: spec.replicas, env: { ...environmentOf(stage), ...own } }];
    });

    it('runs the same containers from the same images, with the same number of copies', () => {
      expect(pods.map(({ container, replicas }) => [container.image, replicas])).toEqual([
        ['stowage-migrate', undefined],
        ['stowage-api', 2],
        ['stowage-worker', 2],
      ]);
    });

    it('grants pods no unneeded rights or secrets, and passes settings that they accept', () => {
      for (const { pod, container, env } of pods) {
        const { name, securityContext } = container;
        expect({ name, ...pod.securityContext, ...securityContext }).toMatchObject({
          runAsNonRoot: true,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(pod.automountServiceAccountToken).toBe(false);
        const given = pod.volumes.flatMap(({ secret }) => secret?.items.map(({ key }) => key) ?? []);
        expect({ name, given: given.sort() }).toEqual({ name, given: secretsNamedIn(env) });
        expect(() => LOAD[name]?.(env, (path) => read(join(folder, basename(path))))).not.toThrow();
        expect({ name, unknown: unknownVariables(env) }).toEqual({ name, unknown: [] });
      }
    });

    it('probes pods at their ports, and gives them time to stop', () => {
      for (const { pod, container, env } of pods.filter((one) => one.replicas !== undefined)) {
        const { name, ports = [], startupProbe, livenessProbe, readinessProbe } = container;
        const port = env[name === 'api' ? 'PORT' : 'STOWAGE_WORKER_PORT'];
        expect({ name, ports: ports.map(({ containerPort }) => String(containerPort)) }).toEqual({
          name,
          ports: [port],
        });
        expect([startupProbe?.httpGet.path, livenessProbe?.httpGet.path]).toEqual(['/health/startup', '/health/live']);
        const delay = Number(env['STOWAGE_STOP_DELAY_SECONDS'] ?? 0);
        expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(20 + delay);
        // It must be seen to be not ready twice before it is gone.
        if (name === 'api') {
          expect(readinessProbe).toMatchObject({ httpGet: { path: '/health/ready' }, failureThreshold: 2 });
          expect(delay).toBeGreaterThanOrEqual(2 * (readinessProbe?.periodSeconds ?? Infinity) + 1);
        }
      }
    });
  });
});
