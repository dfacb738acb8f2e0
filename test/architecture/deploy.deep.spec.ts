import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

import { unknownVariables, workerEnvironment } from '#config';

import { environmentOf, LOAD, makeSecrets, type Secrets, secretsNamedIn, stagesOf } from './support/containers.js';
import { typeErrors } from '../support/typed-literal.js';

/** An object of Kubernetes, of which these tests look at pods. */
interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly replicas?: number; readonly template?: { readonly spec: Pod } };
}

interface Pod {
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly secret?: { readonly items: readonly { readonly key: string }[] } }[];
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: object;
  readonly ports?: readonly { readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

type Rendered = Readonly<Record<'base' | 'example' | 'chart' | 'exampleChart', readonly KubernetesObject[]>>;

const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind}-${metadata.name}`;

/** All objects, rendered by kubectl and helm themselves. */
function render(): Rendered {
  const printed = execFileSync(process.execPath, ['scripts/deploy.mjs'], { encoding: 'utf8' });
  const texts = JSON.parse(printed) as Readonly<Record<keyof Rendered, string>>;
  const objectsOf = (yaml: string): KubernetesObject[] =>
    parseAllDocuments(yaml, { version: '1.1' })
      .map((document) => document.toJS() as KubernetesObject)
      .sort((one, other) => keyOf(one).localeCompare(keyOf(other)));
  return {
    base: objectsOf(texts.base),
    example: objectsOf(texts.example),
    chart: objectsOf(texts.chart),
    exampleChart: objectsOf(texts.exampleChart),
  };
}

/** What Helm adds of its own: how it manages objects. */
const isOfHelm = (key: string): boolean => key.startsWith('helm.sh/') || key === 'app.kubernetes.io/managed-by';

/** An object without what Helm adds, and without the namespace, which Helm leaves to its command line. */
function plain({ metadata, ...rest }: KubernetesObject): object {
  const own = (entries: Readonly<Record<string, string>> = {}): [string, string][] =>
    Object.entries(entries).filter(([key]) => !isOfHelm(key));
  const annotations = own(metadata.annotations);
  return {
    ...rest,
    metadata: {
      name: metadata.name,
      labels: Object.fromEntries(own(metadata.labels)),
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    },
  };
}

/** What Kubernetes' own schema says against an object. */
async function schemaErrors({ apiVersion, kind, ...rest }: KubernetesObject): Promise<string[]> {
  type Model = new (data: object) => { validate: () => void };
  const path = resolve('deploy/checks/node_modules/kubernetes-models', apiVersion, 'index.js');
  const { [kind]: Model } = (await import(path)) as Record<string, Model>;
  if (Model === undefined) return [`${apiVersion} ${kind} does not exist`];
  try {
    new Model(rest).validate();
    return [];
  } catch (error) {
    return [`${kind} ${rest.metadata.name}: ${(error as Error).message}`];
  }
}

describe('deployment in Kubernetes', () => {
  const stages = stagesOf(readFileSync('docker/Dockerfile', 'utf8'));
  let rendered: Rendered;
  let secrets: Secrets;

  beforeAll(() => {
    rendered = render();
    secrets = makeSecrets();
  });

  afterAll(() => {
    secrets.remove();
  });

  const podsOf = (objects: readonly KubernetesObject[]) =>
    objects.flatMap(({ spec: { replicas, template } }) => {
      const [container] = template?.spec.containers ?? [];
      if (template === undefined || container === undefined) return [];
      const own = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
      const stage = stages.get(container.name) ?? { instructions: [] };
      return [{ pod: template.spec, container, replicas, env: { ...environmentOf(stage), ...own } }];
    });

  it.each([
    ['base', 'chart', 6],
    ['example', 'exampleChart', 9],
  ] as const)('renders the same objects by kustomize and by Helm: %s', (kustomize, helm, count) => {
    expect(rendered[kustomize]).toHaveLength(count);
    expect(rendered[helm].map(plain)).toEqual(rendered[kustomize].map(plain));
  });

  it('makes objects that Kubernetes accepts, without unknown fields', async () => {
    const all = [...rendered.base, ...rendered.example, ...rendered.chart, ...rendered.exampleChart];
    expect((await Promise.all(all.map(schemaErrors))).flat()).toEqual([]);
    const literals = Object.entries(rendered).flatMap(([source, objects]) =>
      objects.map((value) => ({
        name: `${source}-${keyOf(value)}`,
        module: `kubernetes-models/${value.apiVersion}`,
        type: `I${value.kind}`,
        value,
      })),
    );
    expect(typeErrors(literals)).toEqual([]);
  });

  it('refuses an object with an unknown field or a wrong value', async () => {
    const service = rendered.base.find(({ kind }) => kind === 'Service');
    const typed = (value: unknown): string[] =>
      typeErrors([{ name: 'service', module: 'kubernetes-models/v1', type: 'IService', value }]);
    expect(typed({ ...service, spec: { ...service?.spec, ipFamily: 'IPv4' } })).toEqual([
      expect.stringMatching(/^service: .*ipFamily.* does not exist/),
    ]);
    const portless = { ...service, spec: { ports: [{ port: 'http' }] } } as unknown as KubernetesObject;
    expect(await schemaErrors(portless)).toEqual([expect.stringMatching(/^Service stowage: .*port/)]);
  });

  it('runs the images of this release', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(podsOf(rendered.base).map(({ container, replicas }) => [container.image, replicas])).toEqual([
      [`stowage-api:${version}`, 2],
      [`stowage-worker:${version}`, 2],
      [`stowage-migrate:${version}`, undefined],
    ]);
    const chart = parse(readFileSync('deploy/helm/stowage/Chart.yaml', 'utf8')) as object;
    expect(chart).toMatchObject({ version, appVersion: version });
  });

  it('grants pods no unneeded rights or secrets, and passes settings that they accept', () => {
    for (const { pod, container, env } of podsOf(rendered.example)) {
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
      expect(() =>
        LOAD[name]?.(env, (path) => readFileSync(join(secrets.folder, basename(path)), 'utf8')),
      ).not.toThrow();
      expect({ name, unknown: unknownVariables(env) }).toEqual({ name, unknown: [] });
      expect({ name, owns: 'STOWAGE_MIGRATION_URL_FILE' in env }).toEqual({ name, owns: name === 'migrate' });
      if (name === 'worker') expect(workerEnvironment(env)).toEqual(env);
    }
  });

  it('probes pods at their ports, and gives them time to stop', () => {
    const served = podsOf(rendered.base).filter(({ replicas }) => replicas !== undefined);
    expect(served).toHaveLength(2);
    for (const { pod, container, env } of served) {
      const { name, ports = [], startupProbe, livenessProbe, readinessProbe } = container;
      const port = env[name === 'api' ? 'PORT' : 'STOWAGE_WORKER_PORT'];
      expect({ name, ports: ports.map(({ containerPort }) => String(containerPort)) }).toEqual({ name, ports: [port] });
      expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet.path)).toEqual([
        '/health/startup',
        '/health/live',
        '/health/ready',
      ]);
      const delay = Number(env['STOWAGE_STOP_DELAY_SECONDS'] ?? 0);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(20 + delay);
      // An API must be seen to be not ready before it is gone.
      const { periodSeconds = 0, failureThreshold = 0 } = readinessProbe ?? {};
      if (name === 'api') expect(delay).toBeGreaterThanOrEqual(periodSeconds * failureThreshold + 1);
    }
  });
});
