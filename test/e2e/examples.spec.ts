import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import {
  aWorld,
  documentedOperations,
  type DocumentedOperation,
  OPERATIONS,
  type ParameterExample,
  pathOf,
  type World,
} from '../support/operations.js';

/**
 * The outcomes of examples that name a resource which the test has not created (an invite, a token, an id), and of those that succeed where
 * the table of operations expects a refusal. Every other example succeeds. None is refused for its form.
 */
const OUTCOMES: Readonly<Record<string, string>> = {
  registerUser: '201',
  loginUser: '200',
  refreshTokens: '401 AUTH.REFRESH_TOKEN_INVALID',
  logoutUser: '204',
  updateMe: '200',
  changePassword: '204',
  resetPassword: '401 AUTH.RESET_CODE_INVALID',
  updateDeployment: '200',
  createToken: '404 ORGANIZATIONS.NOT_FOUND',
  joinOrganization: '404 INVITES.NOT_FOUND',
};

interface Sent {
  readonly query?: readonly ParameterExample[];
  readonly headers?: readonly ParameterExample[];
  readonly body?: unknown;
}

/** Query parameters whose example names a resource that the test has not created. */
const NOT_SENT = ['cursor', 'compareWith'];

describe('the API given the examples of its document', () => {
  let world: World;
  let documented: readonly DocumentedOperation[];

  beforeAll(async () => {
    world = await aWorld();
    documented = await documentedOperations(world.stowage.client.url);
  });

  afterAll(async () => {
    await world.stowage.stop();
  });

  /** A deployment that can be edited. */
  const waiting = async (): Promise<string> => {
    const cordoned = await TestCluster.create(world.team, { cpu: 1 });
    await cordoned.cordon();
    return cordoned.submit();
  };

  /** Sends a request as a user with permission. */
  const send = async (operation: DocumentedOperation, { query = [], headers = [], body }: Sent): Promise<Answer> => {
    const { team, operator, stowage } = world;
    const needs = OPERATIONS[operation.id]?.needs;
    const sender = needs === 'operator' ? operator : team.admin;
    // A cluster of its own: names are unique in a cluster.
    const { id: clusterId } = await TestCluster.create(team, { cpu: 1_000, gpu: 1_000 });
    const deployment = operation.id === 'updateDeployment' ? { deploymentId: await waiting() } : {};
    const path = await pathOf(world, operation, { clusterId, ...deployment });
    const texts = (values: readonly ParameterExample[]): [string, string][] =>
      values.map(({ name, example }) => [name, String(example)]);
    const search = query.length === 0 ? '' : `?${new URLSearchParams(texts(query)).toString()}`;
    return stowage.client.send(operation.method, `${path}${search}`, {
      headers: Object.fromEntries(texts(headers)),
      ...(needs === 'public' ? {} : { token: sender.token }),
      ...(body === undefined ? {} : { body }),
    });
  };

  const verdict = ({ status, body }: Answer): string =>
    status < 400 ? `${status}` : `${status} ${String((body as Record<string, unknown> | undefined)?.['code'])}`;

  it('accepts the examples of bodies', async () => {
    const outcomes: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const operation of documented.filter(({ bodyExample }) => bodyExample !== undefined)) {
      const answer = await send(operation, { body: operation.bodyExample });
      const isForm = verdict(answer).includes(' REQUEST.');
      outcomes[operation.id] = operation.id in OUTCOMES || isForm ? verdict(answer) : `${answer.status}`;
      expected[operation.id] = OUTCOMES[operation.id] ?? `${OPERATIONS[operation.id]?.success ?? 0}`;
    }
    expect(outcomes).toEqual(expected);
    expect(Object.keys(OUTCOMES).filter((id) => !(id in outcomes))).toEqual([]);
  });

  it('accepts the examples of queries', async () => {
    const refused: string[] = [];
    for (const operation of documented) {
      const query = operation.queryExamples.filter(({ name }) => !NOT_SENT.includes(name));
      const answer = query.length === 0 ? undefined : await send(operation, { query });
      if (answer !== undefined && answer.status >= 400) refused.push(`${operation.id}: ${answer.text}`);
    }
    expect(refused).toEqual([]);
  });

  it('accepts the examples of headers, except the version of an edit', async () => {
    const outcomes: Record<string, string> = {};
    for (const operation of documented.filter(({ headerExamples }) => headerExamples.length > 0)) {
      const answer = await send(operation, { headers: operation.headerExamples, body: operation.bodyExample });
      const isEdit = operation.headerExamples.some(({ name }) => name === 'If-Match');
      const isTaken = isEdit ? answer.status === 412 : !verdict(answer).includes(' REQUEST.');
      if (!isTaken) outcomes[operation.id] = verdict(answer);
    }
    expect(outcomes).toEqual({});
  });

  it('accepts a form that is sent with prefilled values and the ids of the path', async () => {
    const refused: string[] = [];
    const reads = documented.filter(({ method, prefilled }) => method === 'GET' && prefilled.length > 0);
    for (const operation of reads) {
      const answer = await send(operation, { query: operation.prefilled });
      if (answer.status !== OPERATIONS[operation.id]?.success) refused.push(`${operation.id}: ${answer.text}`);
    }
    expect(refused).toEqual([]);
    expect(reads.map(({ id }) => id)).toContain('explainDeployment');
  });
});
