import { beforeAll, describe, expect, it } from '@jest/globals';

import { renderOpenApi } from './document.js';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string }[];
  readonly responses: Readonly<Record<string, Json>>;
}

interface Document {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
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

  it('has groups in an order, each used and none beside', () => {
    const used = new Set(operations.flatMap(({ tags }) => tags));
    expect([...used].sort()).toEqual(document.tags.map(({ name }) => name).sort());
  });

  it('is the same every time, and tells nothing of where it was made', async () => {
    const text = await renderOpenApi();
    expect(JSON.parse(text)).toEqual(document);
    expect(text).not.toMatch(/nowhere\.invalid|x-stowage|Dto"/);
  });
});
