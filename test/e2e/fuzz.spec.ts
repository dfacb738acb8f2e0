import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { newId } from '#kernel';

import { type Call } from '../support/api-client.js';
import { atMost } from '../support/clusters.js';
import { aWorld, type World } from '../support/operations.js';
import { Random } from '../support/random.js';
import { type Json, JUNK_TEXT, mutated, SchemaArbitrary } from '../support/schema-arbitrary.js';

/** `npm run test:fuzz` sends 10,000. */
const REQUESTS = Number(process.env['STOWAGE_FUZZ_REQUESTS'] ?? 600);
jest.setTimeout(60_000 + REQUESTS * 200);

const AT_ONCE = 4;
/** More than any page of a hundred items has. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Operations that would destroy the fixtures of the others; the access tests call them. */
const LEFT_OUT = ['deleteOrganization', 'leaveOrganization', 'removeMember', 'endOtherSessions', 'disableUser'];

/** Internals that no answer may contain: hashes, stack traces, SQL, paths of files. */
const TELLTALE =
  /\$argon2|\n\s+at |node_modules|\.(ts|js):\d+|\b(select|insert into|update) [a-z_"]+ (from|set|\()|violates|syntax error/i;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Json;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
}

interface FuzzedRequest extends Call {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

describe('the API given valid and mutated requests from its document', () => {
  let world: World;
  let requests: fc.Arbitrary<FuzzedRequest>;
  let secrets: readonly string[];
  let tokens: readonly string[];
  let ids: readonly string[];
  let values: SchemaArbitrary;

  beforeAll(async () => {
    world = await aWorld({ STOWAGE_RATE_REQUESTS_PER_SECOND: '100000' });
    const { team, operator, stowage, weakToken, runtimeToken, elsewhere, removed } = world;
    tokens = [team.admin, team.developer, team.viewer, operator, elsewhere.team.admin, removed].map(
      ({ token }) => token,
    );
    secrets = [
      ...tokens,
      weakToken,
      runtimeToken,
      team.admin.password,
      ...Object.values(stowage.environment).filter(isSecret),
    ];
    const document = (await (await fetch(`${stowage.client.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, Operation>>;
      components: { schemas: Record<string, Json> };
    };
    ids = [team.organizationId, world.cluster.id, await world.cluster.submit(), team.viewer.id, newId()];
    values = new SchemaArbitrary(document.components.schemas, [...ids, ...Object.values(elsewhere.ids)]);
    const operations = Object.entries(document.paths).flatMap(([template, item]) =>
      Object.entries(item)
        .filter(([, { operationId }]) => !LEFT_OUT.includes(operationId))
        .map(([method, operation]) => requestTo(method.toUpperCase(), template, operation)),
    );
    requests = fc.oneof(...operations);
  });

  /** Requests to one operation. */
  function requestTo(method: string, template: string, operation: Operation): fc.Arbitrary<FuzzedRequest> {
    const { team, elsewhere, weakToken, runtimeToken } = world;
    const known: Readonly<Record<string, string | undefined>> = {
      organizationId: team.organizationId,
      clusterId: world.cluster.id,
      deploymentId: ids[2],
      userId: team.viewer.id,
    };
    const parameters = operation.parameters ?? [];
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const path = fc
      .tuple(
        ...names.map((name) =>
          fc.oneof(
            { weight: 12, arbitrary: fc.constant(known[name] ?? newId()) },
            { weight: 2, arbitrary: fc.constantFrom(...ids, ...Object.values(elsewhere.ids)) },
            { weight: 1, arbitrary: JUNK_TEXT },
          ),
        ),
      )
      .map((filled) => names.reduce((text, name, index) => text.replace(`{${name}}`, filled[index] ?? ''), template));
    const query = fc
      .tuple(
        ...parameters
          .filter((parameter) => parameter.in === 'query')
          .map(({ name, schema }) =>
            fc.oneof(
              { weight: 3, arbitrary: fc.constant('') },
              {
                weight: 2,
                arbitrary: values.of(schema).map((value) => `${name}=${encodeURIComponent(textOf(value))}`),
              },
              { weight: 1, arbitrary: JUNK_TEXT.map((junk) => `${name}=${junk}`) },
            ),
          ),
      )
      .map((pairs) => pairs.filter((pair) => pair !== '').join('&'));
    const schema = operation.requestBody?.content['application/json']?.schema;
    const valid = schema === undefined ? fc.constant(undefined) : values.of(schema);
    const body = fc.oneof(
      { weight: 3, arbitrary: valid },
      { weight: 2, arbitrary: valid.chain((value) => (value === undefined ? fc.constant(value) : mutated(value))) },
    );
    const token = fc.oneof(
      { weight: 3, arbitrary: fc.constant(team.admin.token) },
      { weight: 2, arbitrary: fc.constantFrom(...tokens, weakToken, runtimeToken, undefined, 'junk') },
    );
    const headers = fc.record(
      {
        'if-match': fc.constantFrom('"1"', '*', 'junk', 'W/"1"'),
        'idempotency-key': fc.constantFrom('one', 'two', ' ', 'x'.repeat(300)),
        'x-request-id': fc.constantFrom('request-1', '${jndi}', 'x'.repeat(100)),
      },
      { requiredKeys: [] },
    );
    return fc.record({ path, query, body, token, headers }).map((made) => ({
      id: operation.operationId,
      method,
      path: made.query === '' ? made.path : `${made.path}?${made.query}`,
      token: made.token,
      headers: made.headers,
      ...(method === 'GET' || made.body === undefined ? {} : { body: made.body }),
    }));
  }

  afterAll(async () => {
    await world.stowage.stop();
  });

  /** Describes a fault of the answer. The client compares the answer with the document. */
  const faultOf = async ({ id, method, path, ...call }: FuzzedRequest): Promise<string | undefined> => {
    const what = `${id}: ${method} ${path} ${JSON.stringify(call.headers)} ${textOf(call.body).slice(0, 400)}`;
    try {
      const { status, text } = await world.stowage.client.send(method, path, call);
      const echoed = `${path}${textOf(call.body)}`;
      const shown = secrets.find((secret) => text.includes(secret) && !echoed.includes(secret));
      if (status >= 500) return `${what} -> ${status} ${text}`;
      if (text.length > MOST_BYTES) return `${what} -> ${text.length} bytes`;
      if (shown !== undefined) return `${what} shows a secret`;
      if (status >= 400 && TELLTALE.test(text)) return `${what} reveals internals: ${text}`;
      return undefined;
    } catch (error) {
      return `${what}: ${String(error)}`;
    }
  };

  it(`answers ${REQUESTS} random requests as documented`, async () => {
    const { seed } = Random.of('fuzz');
    const sample = fc.sample(requests, { numRuns: REQUESTS, seed });
    const faults = (await atMost(AT_ONCE, sample, faultOf)).filter((fault) => fault !== undefined);
    expect({ faults: faults.slice(0, 10), of: faults.length }).toEqual({ faults: [], of: 0 });
  });
});

/** Whether a value of the environment is a secret. */
const isSecret = (value: string): boolean =>
  value.length > 40 && !value.startsWith('postgres') && !value.startsWith('[');

/** A value as the text of a query; empty for undefined. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
