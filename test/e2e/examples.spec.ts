import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import {
  aWorld,
  documentedOperations,
  type DocumentedOperation,
  OPERATIONS,
  pathOf,
  type World,
} from '../support/operations.js';

/**
 * What an example hears that names what a test has not made: an invite, a token, an id; or that succeeds where the table of operations is
 * content with a refusal. Every other example succeeds. None is ever refused for its form.
 */
const OUTCOMES: Readonly<Record<string, string>> = {
  registerUser: '201',
  loginUser: '200',
  refreshTokens: '401 AUTH.REFRESH_TOKEN_INVALID',
  logoutUser: '204',
  updateMe: '200',
  changePassword: '204',
  resetPassword: '401 AUTH.RESET_CODE_INVALID',
  createToken: '404 ORGANIZATIONS.NOT_FOUND',
  joinOrganization: '404 INVITES.NOT_FOUND',
};

/** The parameters of a query whose example names what a test has not made. */
const NOT_SENT = ['cursor', 'versus'];

describe('the examples of the document', () => {
  let world: World;
  let documented: readonly DocumentedOperation[];

  beforeAll(async () => {
    world = await aWorld();
    documented = await documentedOperations(world.stowage.client.url);
  });

  afterAll(async () => {
    await world.stowage.stop();
  });

  /** Sends a request as somebody who may. */
  const send = async (operation: DocumentedOperation, query: string, body: unknown): Promise<Answer> => {
    const { team, operator, stowage } = world;
    const needs = OPERATIONS[operation.id]?.needs;
    const sender = needs === 'operator' ? operator : team.admin;
    // A cluster of its own: names are taken once.
    const { id: clusterId } = await TestCluster.create(team, { cpu: 1_000, gpu: 1_000 });
    const path = await pathOf(world, operation, { clusterId });
    return stowage.client.send(operation.method, `${path}${query}`, {
      ...(needs === 'public' ? {} : { token: sender.token }),
      ...(body === undefined ? {} : { body }),
    });
  };

  const verdict = ({ status, body }: Answer): string =>
    status < 400 ? `${status}` : `${status} ${String((body as Record<string, unknown> | undefined)?.['code'])}`;

  it('of bodies are what the routes take', async () => {
    const heard: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const operation of documented.filter(({ bodyExample }) => bodyExample !== undefined)) {
      const answer = await send(operation, '', operation.bodyExample);
      const isForm = verdict(answer).includes(' REQUEST.');
      heard[operation.id] = operation.id in OUTCOMES || isForm ? verdict(answer) : `${answer.status}`;
      expected[operation.id] = OUTCOMES[operation.id] ?? `${OPERATIONS[operation.id]?.success ?? 0}`;
    }
    expect(heard).toEqual(expected);
    expect(Object.keys(OUTCOMES).filter((id) => !(id in heard))).toEqual([]);
  });

  it('of queries are what the lists take', async () => {
    const refused: string[] = [];
    for (const operation of documented) {
      const sent = operation.queryExamples.filter(({ name }) => !NOT_SENT.includes(name));
      const pairs = sent.map(({ name, example }): [string, string] => [name, String(example)]);
      const query = new URLSearchParams(pairs).toString();
      const answer = query === '' ? undefined : await send(operation, `?${query}`, undefined);
      if (answer !== undefined && answer.status >= 400) refused.push(`${operation.id} ${query}: ${answer.text}`);
    }
    expect(refused).toEqual([]);
  });
});
