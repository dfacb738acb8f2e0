import { describe, expect, it } from '@jest/globals';

import { asOpenApi30 } from './version-3-0.js';

const schemas = (properties: object): object => ({
  openapi: '3.1.0',
  components: {
    schemas: {
      Crate: { type: 'object', properties },
      Lid: { type: 'object' },
      Wood: { type: 'string', enum: ['oak'] },
    },
  },
});

describe('the document in OpenAPI 3.0', () => {
  it('converts schemas without loss', () => {
    const before = schemas({
      note: { type: ['string', 'null'], example: null },
      kind: { type: ['string', 'null'], enum: ['small', 'large', null] },
      lid: { anyOf: [{ $ref: '#/components/schemas/Lid' }, { type: 'null' }], description: 'What closes it.' },
      wood: { anyOf: [{ $ref: '#/components/schemas/Wood' }, { type: 'null' }] },
      oak: { $ref: '#/components/schemas/Wood' },
      either: { anyOf: [{ $ref: '#/components/schemas/Lid' }, { type: 'integer' }, { type: 'null' }] },
      item: { $ref: '#/components/schemas/Item', description: 'What is in it.', example: { name: 'nail' } },
      plain: { $ref: '#/components/schemas/Item' },
      labels: { type: 'object', propertyNames: { pattern: '^a' }, additionalProperties: { type: ['integer', 'null'] } },
    });
    expect(asOpenApi30(before)).toEqual({
      ...schemas({
        note: { type: 'string', nullable: true, example: null },
        kind: { type: 'string', nullable: true, enum: ['small', 'large', null] },
        lid: {
          type: 'object',
          nullable: true,
          allOf: [{ $ref: '#/components/schemas/Lid' }],
          description: 'What closes it.',
        },
        wood: { type: 'string', nullable: true, enum: ['oak', null] },
        oak: { $ref: '#/components/schemas/Wood' },
        either: {
          anyOf: [
            { $ref: '#/components/schemas/Lid' },
            { type: 'integer' },
            { type: 'string', nullable: true, enum: [null] },
          ],
        },
        item: {
          allOf: [{ $ref: '#/components/schemas/Item' }],
          description: 'What is in it.',
          example: { name: 'nail' },
        },
        plain: { $ref: '#/components/schemas/Item' },
        labels: { type: 'object', additionalProperties: { type: 'integer', nullable: true } },
      }),
      openapi: '3.0.3',
    });
  });

  it('leaves data alone, and fields that are named like keywords', () => {
    const data = { type: ['string', 'null'], $ref: 'x', also: 1, propertyNames: {} };
    const field = { type: ['integer', 'null'] };
    const before = {
      ...schemas({ example: field, default: field, enum: field, examples: field, propertyNames: field }),
      paths: {
        '/crates': {
          get: {
            responses: { default: { content: { 'application/json': { schema: field, examples: { one: data } } } } },
            parameters: [{ name: 'size', schema: { type: 'object', default: data, examples: [1] } }],
          },
        },
      },
    };
    const turned = { type: 'integer', nullable: true };
    expect(asOpenApi30(before)).toEqual({
      ...schemas({ example: turned, default: turned, enum: turned, examples: turned, propertyNames: turned }),
      openapi: '3.0.3',
      paths: {
        '/crates': {
          get: {
            responses: { default: { content: { 'application/json': { schema: turned, examples: { one: data } } } } },
            parameters: [{ name: 'size', schema: { type: 'object', default: data } }],
          },
        },
      },
    });
  });

  it('drops the content of texts, and the schemas that only that content referred to', () => {
    const lines = { contentMediaType: 'application/x-ndjson', contentSchema: { $ref: '#/components/schemas/Lid' } };
    expect(asOpenApi30(schemas({ lines: { type: 'string', ...lines } }))).toEqual({
      openapi: '3.0.3',
      components: {
        schemas: {
          Crate: { type: 'object', properties: { lines: { type: 'string' } } },
          Wood: { type: 'string', enum: ['oak'] },
        },
      },
    });
  });

  it('leaves the original document alone, and refuses types that OpenAPI 3.0 lacks', () => {
    const before = schemas({ note: { type: ['string', 'null'] } });
    asOpenApi30(before);
    expect(before).toEqual(schemas({ note: { type: ['string', 'null'] } }));
    expect(() => asOpenApi30(schemas({ size: { type: ['integer', 'string'] } }))).toThrow('["integer","string"]');
  });
});
