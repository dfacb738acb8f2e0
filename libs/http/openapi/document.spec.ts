import { Controller, Get, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { pino } from 'pino';

import { createHttpApp } from '#http';

import { testApp, testSettings } from '../testing/test-app.js';

interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly requestBody?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly responses: Readonly<
    Record<
      string,
      { readonly $ref?: string; readonly description: string; readonly content?: object; readonly headers?: object }
    >
  >;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly additionalProperties?: unknown }>>;
    readonly responses: Operation['responses'];
  };
}

let app: NestFastifyApplication;
let document: Document;

beforeAll(async () => {
  ({ app } = await testApp());
  document = (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
});

afterAll(() => app.close());

function operation(method: string, path: string): Operation {
  const found = document.paths[path]?.[method];
  if (found === undefined) {
    throw new Error(`${method} ${path} is not documented`);
  }
  return { ...found, responses: Object.fromEntries(Object.entries(found.responses).map(([k, v]) => [k, resolved(v)])) };
}

/** A response, also where it is a reference to one that operations share. */
function resolved(response: Operation['responses'][string]): Operation['responses'][string] {
  const name = response.$ref?.replace('#/components/responses/', '');
  if (name === undefined) return response;
  const shared = document.components.responses[name];
  if (shared === undefined) throw new Error(`${name} is referred to, and is not there`);
  return shared;
}

function validator(schema: string): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
  return ajv.compile({ $ref: `openapi#/components/schemas/${schema}` });
}

describe('the OpenAPI document', () => {
  it('describes every route once, in version 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/problems',
      '/problems/{code}',
      '/v1/crates',
      '/v1/crates/batch',
      '/v1/crates/of/{ownerName}',
      '/v1/crates/{crateId}',
      '/v1/crates/{crateId}/open',
    ]);
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((each) => each.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('contains no internal extension, no dangling reference, and only closed schemas except that of problems', () => {
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/x-stowage|schemas\/"|Dto/);
    const open = Object.entries(document.components.schemas).filter(
      ([, schema]) => schema.additionalProperties !== false,
    );
    expect(open.map(([name]) => name)).toEqual(['Problem']);
  });

  it('lists the errors of a route, its own and those of its form', () => {
    const { responses, security } = operation('post', '/v1/crates');
    expect(security).toEqual([]);
    expect(Object.keys(responses)).toEqual([
      '201',
      '400',
      '408',
      '413',
      '415',
      '422',
      '429',
      '431',
      '500',
      '503',
      '507',
    ]);
    expect(responses['422']?.description).toBe('- `CRATES.TOO_HEAVY`: Crate too heavy');
    expect(responses['400']?.description).toContain('REQUEST.MALFORMED_JSON');
    expect(operation('get', '/v1/crates').responses['400']?.description).toContain('REQUEST.INVALID_CURSOR');
    expect(Object.keys(operation('get', '/v1/crates/{crateId}').responses)).toEqual(
      expect.arrayContaining(['401', '403', '404']),
    );
    expect(operation('get', '/v1/crates/{crateId}').security).toEqual([{ bearer: [] }]);
  });

  it('shares responses that several operations have, named by their codes', () => {
    const all = Object.values(document.paths).flatMap((path) =>
      Object.values(path).flatMap((each) => Object.values(each.responses)),
    );
    const inline = all.filter(({ $ref }) => $ref === undefined).map((response) => JSON.stringify(response));
    const problems = inline.filter((text) => text.includes('x-codes'));
    expect(new Set(problems).size).toBe(problems.length);
    expect(all.filter(({ $ref }) => $ref !== undefined).map(resolved)).not.toHaveLength(0);
    expect(document.components.responses).toMatchObject({
      Timeout: { description: '- `REQUEST.TIMEOUT`: Request took too long' },
      'Invalid-Malformed': { 'x-codes': ['REQUEST.INVALID', 'REQUEST.MALFORMED'] },
    });
  });

  it('documents parameters as the reader reads them', () => {
    const parameters = operation('get', '/v1/crates').parameters ?? [];
    expect(Object.fromEntries(parameters.map((each) => [each.name, each.schema]))).toEqual({
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
      cursor: { type: 'string', minLength: 1, maxLength: 2048 },
      fragile: { type: 'boolean' },
      urgency: { type: 'array', items: { type: 'string', enum: ['low', 'high'] }, maxItems: 2 },
      namePrefix: expect.objectContaining({ type: 'string', examples: ['bl'] }),
    });
    expect(parameters.find((each) => each.name === 'urgency')).toMatchObject({
      description: 'Urgencies. Several values are separated by commas, or the parameter is repeated.',
      style: 'form',
      explode: false,
    });
    expect(operation('get', '/v1/crates/{crateId}').parameters).toMatchObject([
      { name: 'crateId', in: 'path', schema: { type: 'string', format: 'uuid' } },
    ]);
  });

  it('shows examples of optional parameters with which forms are not filled', () => {
    const parameters = operation('get', '/v1/crates').parameters ?? [];
    expect(parameters.find(({ name }) => name === 'namePrefix')).toMatchObject({
      description: 'Beginning of the name. For example `bl`.',
      schema: { examples: ['bl'] },
    });
    expect(JSON.stringify(parameters)).not.toContain('"example":');
  });

  it('describes answers such that a validator accepts exactly those', async () => {
    const isCrate = validator('Crate');
    const crate: unknown = (
      await app.inject({
        method: 'POST',
        url: '/v1/crates',
        payload: {
          name: 'a',
          resources: { cpu: 1, memoryMib: 1 },
          dueAt: null,
          parts: [{ item: 'x' }],
          labels: { a: 'b' },
        },
      })
    ).json();
    expect(isCrate(crate)).toBe(true);
    expect(isCrate({ ...(crate as object), secret: 1 })).toBe(false);
    expect(isCrate({ ...(crate as object), resources: { cpu: 1, memoryMib: 1, x: 1 } })).toBe(false);
    const isPage = validator('NumberPage');
    for (const url of ['/v1/crates?limit=1', '/v1/crates/of/me']) {
      expect(isPage((await app.inject({ method: 'GET', url })).json())).toBe(true);
    }
    const isProblem = validator('Problem');
    expect(isProblem((await app.inject({ method: 'GET', url: '/v1/crates?limit=x' })).json())).toBe(true);
    expect(isProblem({})).toBe(false);
    expect(validator('ErrorCatalogue')((await app.inject({ method: 'GET', url: '/problems' })).json())).toBe(true);
  });

  it('describes the default of a field in words, and that of a parameter by its keyword', () => {
    const { properties } = document.components.schemas['Crate'] as { properties: Record<string, object> };
    expect(properties['fragile']).toEqual({
      type: 'boolean',
      description: 'Breaks easily. Default: `false`.',
      example: false,
    });
    expect(operation('get', '/v1/crates').parameters?.find(({ name }) => name === 'limit')?.schema).toMatchObject({
      default: 50,
    });
  });

  it('documents maps with their keys, and nested classes by reference', () => {
    expect(document.components.schemas['Crate']).toMatchObject({
      properties: {
        labels: { maxProperties: 8, propertyNames: { maxLength: 20, pattern: '^[a-z][a-z0-9-]*$' } },
        resources: { $ref: '#/components/schemas/Contents', description: 'What it holds.' },
        parts: { items: { $ref: '#/components/schemas/Item' } },
      },
    });
  });

  it('fails at start when a route is not described', async () => {
    @Controller('silent')
    class SilentController {
      @Get()
      read(): string {
        return '';
      }
    }
    @Module({ controllers: [SilentController] })
    class SilentModule {}
    const start = createHttpApp(SilentModule, testSettings(), { logger: pino({ level: 'silent' }) });
    await expect(start).rejects.toThrow(/has no @ApiRoute/);
  });
});

describe('the pages', () => {
  it.each(['/docs', '/redoc'])('serves %s from this server alone, under a strict policy', async (path) => {
    const page = await app.inject({ method: 'GET', url: path });
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source);
    expect(sources.length).toBeGreaterThan(1);
    expect(page.body).not.toMatch(/<script>|<style|\son[a-z]+=/);
    for (const url of sources) {
      expect(url).toMatch(/^\/(docs|redoc)\//);
      const { statusCode, body } = await app.inject({ method: 'GET', url });
      expect(statusCode).toBe(200);
      for (const [, imported = ''] of body.slice(0, 200).matchAll(/^import .* from '(.+)';/gm)) {
        expect((await app.inject({ method: 'GET', url: imported })).statusCode).toBe(200);
      }
    }
  });

  it('serves the home of an installation as a page or as JSON, by Accept, whose links lead on', async () => {
    const read = (accept: string): ReturnType<typeof app.inject> =>
      app.inject({ method: 'GET', url: '/', headers: { accept } });
    const page = await read('text/html,application/xhtml+xml');
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', vary: 'Accept, Origin' });
    expect(page.body).not.toMatch(/<script|<style|\son[a-z]+=/);
    const shown = [...page.body.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href);
    const { links } = (await read('*/*')).json<{ links: Readonly<Record<string, string>> }>();
    expect(Object.values(links)).toEqual(shown);
    expect(shown).toEqual(expect.arrayContaining(['/docs', '/openapi.json', '/health/ready', '/v1/version']));
    // Those of `operations` are in the API only.
    for (const url of shown.filter((href) => !['/health/ready', '/v1/version'].includes(href ?? ''))) {
      expect((await app.inject({ method: 'GET', url: url ?? '' })).statusCode).toBe(200);
    }
  });

  it('serves a problem code as a page or as JSON, by Accept', async () => {
    const read = (accept: string): ReturnType<typeof app.inject> =>
      app.inject({ method: 'GET', url: '/problems/REQUEST.INVALID', headers: { accept } });
    expect((await read('application/json')).json()).toMatchObject({ code: 'REQUEST.INVALID', status: 400 });
    const page = await read('text/html,application/xhtml+xml');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('<code>REQUEST.INVALID</code>');
    expect(page.body).toContain('<code>errors</code>');
    expect(page.body).not.toContain('`');
  });
});
