import { beforeAll, describe, expect, it } from '@jest/globals';

import { renderOpenApi } from './document.js';

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Json;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: Json }>> };
  readonly responses: Readonly<Record<string, Json>>;
}

interface Document {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>;
    readonly responses: Readonly<Record<string, Json>>;
    readonly examples: Readonly<Record<string, { readonly value: Json }>>;
  };
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a value must say of itself that has no name of its own: a text or number without an example says too little. */
function faultsOf(where: string, schema: Json): string[] {
  const types = [schema['type']].flat();
  const isTold = schema['example'] !== undefined || schema['default'] !== undefined || schema['enum'] !== undefined;
  const needsExample = ['string', 'number', 'integer'].some((type) => types.includes(type)) && !types.includes('null');
  return [
    ...(typeof schema['description'] === 'string' ? [] : [`${where} has no description`]),
    ...(needsExample && !isTold ? [`${where} has no example`] : []),
    ...(types.includes('array') && schema['maxItems'] === undefined ? [`${where} has no maxItems`] : []),
    ...(types.includes('string') && schema['maxLength'] === undefined && !isTold ? [`${where} has no maxLength`] : []),
  ];
}

describe('the OpenAPI document', () => {
  let document: Document;
  let operations: readonly Operation[];

  beforeAll(async () => {
    document = JSON.parse(await renderOpenApi()) as Document;
    operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  });

  it('describes every field, with an example and a limit', () => {
    const faults = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      Object.entries((schema['properties'] ?? {}) as Record<string, Json>).flatMap(([field, property]) =>
        faultsOf(`${name}.${field}`, property),
      ),
    );
    expect(faults).toEqual([]);
  });

  it('describes every parameter', () => {
    const silent = operations.flatMap(({ operationId, parameters = [] }) =>
      parameters.filter(({ description = '' }) => description === '').map(({ name }) => `${operationId} ${name}`),
    );
    expect(silent).toEqual([]);
  });

  it('fills no form with optional fields that have no default', () => {
    const filled = operations.flatMap(({ operationId, parameters = [] }) =>
      parameters
        .filter((parameter) => parameter.required !== true)
        .filter((parameter) => ['example', 'examples'].some((key) => key in parameter) || 'example' in parameter.schema)
        .map(({ name }) => `${operationId} ${name}`),
    );
    expect(filled).toEqual([]);
  });

  it('names optional fields of an example in its description', () => {
    const optional = operations
      .flatMap(({ parameters = [] }) => parameters)
      .filter(({ schema }) => 'examples' in schema);
    expect(optional.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['If-Match', 'Idempotency-Key', 'compareWith']),
    );
    const silent = optional.filter(({ description = '', schema }) => {
      const [example] = schema['examples'] as readonly unknown[];
      return !description.includes(`\`${String(example)}\``);
    });
    expect(silent).toEqual([]);
  });

  it('shows a whole example of every body that is JSON', () => {
    const silent: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (!isJson(node)) return;
      const media = isJson(node['content']) ? node['content']['application/json'] : undefined;
      if (isJson(media) && media['example'] === undefined && media['examples'] === undefined) silent.push(path);
      for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`);
    };
    walk(document.paths, '');
    expect(silent).toEqual([]);
  });

  it('shows edits and questions that are about one thing', () => {
    const fieldsOf = (id: string): readonly string[] => {
      const body = operations.find(({ operationId }) => operationId === id)?.requestBody;
      return Object.keys(body?.content['application/json']?.example ?? {});
    };
    const edits = ['planCluster', 'updateCluster', 'updateDeployment'];
    expect(edits.map((id) => [id, fieldsOf(id).length])).toEqual(edits.map((id) => [id, 1]));
  });

  it('shows no detail of preemption in a policy without preemption', () => {
    const policies = operations.flatMap(({ operationId, requestBody }) => {
      const policy = requestBody?.content['application/json']?.example?.['policy'];
      return isJson(policy) ? [{ operationId, policy }] : [];
    });
    expect(policies.map(({ operationId }) => operationId)).toContain('createCluster');
    for (const { policy } of policies.filter(
      ({ policy }) => 'preemptAfterSeconds' in policy || 'maxPreemptions' in policy,
    )) {
      expect(policy).toMatchObject({ preemption: 'lower-priority' });
    }
  });

  it('shows each problem by an example of its own code and status', () => {
    const { examples, responses: shared } = document.components;
    const faults = operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, response]) => {
        const { $ref: reference } = response;
        const name = typeof reference === 'string' ? reference.replace('#/components/responses/', '') : undefined;
        const { 'x-codes': codes, content } = (name === undefined ? response : shared[name]) ?? {};
        if (!Array.isArray(codes)) return [];
        const shown = (content as Readonly<Record<string, Json>>)['application/problem+json']?.['examples'];
        const told = (codes as string[]).map((code) => examples[code]?.value);
        const isTold = told.every((problem) => String(problem?.['status']) === status);
        const references = (codes as string[]).map((code) => [code, { $ref: `#/components/examples/${code}` }]);
        const isShown = JSON.stringify(shown) === JSON.stringify(Object.fromEntries(references));
        return isTold && isShown ? [] : [`${operationId} ${status}`];
      }),
    );
    expect(faults).toEqual([]);
    expect(examples['AUTH.UNAUTHENTICATED']?.value).toMatchObject({ status: 401, code: 'AUTH.UNAUTHENTICATED' });
    expect(examples['AUTH.UNAUTHENTICATED']?.value).not.toHaveProperty('errors');
    expect(examples['REQUEST.INVALID']?.value).toHaveProperty('errors');
  });

  it('declares no default in a body, which generators take for a promise that the field is there', () => {
    const declared = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      Object.entries((schema['properties'] ?? {}) as Record<string, Json>)
        .filter(([, property]) => 'default' in property)
        .map(([field]) => `${name}.${field}`),
    );
    expect(declared).toEqual([]);
    const { CreateCluster: order } = document.components.schemas;
    expect(order).toMatchObject({
      required: ['name', 'capacity'],
      properties: { access: { description: expect.stringMatching(/ Default: `"organization"`\.$/) } },
    });
  });

  it('shares no object between bodies and answers, where what may be left out is always there', () => {
    const { schemas } = document.components;
    const named = (node: unknown, found = new Set<string>()): Set<string> => {
      for (const [, name = ''] of JSON.stringify(node).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
        if (!found.has(name)) named(schemas[name], found.add(name));
      }
      return found;
    };
    const sent = named(operations.map(({ requestBody }) => requestBody ?? null));
    const answered = named([operations.map(({ responses }) => responses), document.components.responses]);
    const shared = [...sent].filter((name) => answered.has(name) && schemas[name]?.['enum'] === undefined);
    expect([sent.has('Resources'), answered.has('Deployment')]).toEqual([true, true]);
    expect(shared).toEqual([]);
  });

  it('has groups in an order, each used and none beside', () => {
    const used = new Set(operations.flatMap(({ tags }) => tags));
    expect([...used].sort()).toEqual(document.tags.map(({ name }) => name).sort());
  });

  it('renders the same text each time, without anything of this machine', async () => {
    const text = await renderOpenApi();
    expect(JSON.parse(text)).toEqual(document);
    expect(text).not.toMatch(/nowhere\.invalid|x-stowage|Dto"/);
  });
});
