import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../../support/api-client.js';
import { withClient } from '../../support/database.js';
import { fingerprint } from '../../support/fingerprint.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import {
  aWorld,
  documentedOperations,
  type DocumentedOperation,
  type Needs,
  type Operation,
  OPERATIONS,
  pathOf,
  type World,
} from '../../support/operations.js';
import { eventually } from '../../support/wait.js';

/**
 * Who asks. Strangers hold that role in another organization, `removed` held every role here and still has a valid access token, the owner
 * submitted the deployment that is asked for, `weak-token` is an admin's API token with the role viewer, `runtime` a service account's.
 */
const ACTORS = [
  'anonymous',
  'strange-viewer',
  'strange-developer',
  'strange-admin',
  'removed',
  'viewer',
  'colleague',
  'owner',
  'admin',
  'operator',
  'weak-token',
  'runtime',
] as const;

type Actor = (typeof ACTORS)[number];

/** A refusal by status and code, or `yes`. */
type Verdict = 'yes' | `${number} ${string}`;

const SIGN_IN = '401 AUTH.UNAUTHENTICATED';
const INVISIBLE = '404 ORGANIZATIONS.NOT_FOUND';
const TOO_LOW = '403 RBAC.ROLE_TOO_LOW';
const NOT_OPERATOR = '403 RBAC.OPERATOR_REQUIRED';
const NOT_OWNER = '403 RBAC.NOT_OWNER';
const NO_TOKENS = '403 RBAC.SESSION_REQUIRED';
const SCOPE = '403 RBAC.SCOPE_TOO_NARROW';

type Verdicts = Readonly<Record<Actor, Verdict>>;

/** The answer to each actor, given those to the members by role and to programs; who does not belong hears the same everywhere. */
const inside = (
  viewer: Verdict,
  colleague: Verdict,
  owner: Verdict,
  weakToken: Verdict,
  runtime: Verdict = SCOPE,
): Verdicts => ({
  anonymous: SIGN_IN,
  'strange-viewer': INVISIBLE,
  'strange-developer': INVISIBLE,
  'strange-admin': INVISIBLE,
  removed: INVISIBLE,
  viewer,
  colleague,
  owner,
  admin: 'yes',
  operator: 'yes',
  'weak-token': weakToken,
  runtime,
});

/** The answer to each actor where no organization matters. */
const outside = (anonymous: Verdict, person: Verdict, program: Verdict, operator: Verdict = 'yes'): Verdicts => ({
  anonymous,
  'strange-viewer': person,
  'strange-developer': person,
  'strange-admin': person,
  removed: person,
  viewer: person,
  colleague: person,
  owner: person,
  admin: person,
  operator,
  'weak-token': program,
  runtime: program,
});

/** The answer to each actor, by what an operation needs. */
const VERDICTS: Readonly<Record<Needs, Verdicts>> = {
  public: outside('yes', 'yes', 'yes'),
  'signed-in': outside(SIGN_IN, 'yes', NO_TOKENS),
  credential: outside(SIGN_IN, 'yes', 'yes'),
  operator: outside(SIGN_IN, NOT_OPERATOR, NOT_OPERATOR),
  viewer: inside('yes', 'yes', 'yes', 'yes'),
  developer: inside(TOO_LOW, 'yes', 'yes', TOO_LOW),
  'own-or-admin': inside(TOO_LOW, NOT_OWNER, 'yes', TOO_LOW),
  admin: inside(TOO_LOW, TOO_LOW, TOO_LOW, TOO_LOW),
};

/** What may differ between two answers that say the same: when they were given, to which request, and what is left of a limit. */
const PER_REQUEST = ['date', 'x-request-id', 'ratelimit', 'connection', 'keep-alive'];

function visibleIn({ status, headers, text }: Answer<unknown>): unknown {
  return {
    status,
    headers: [...headers].filter(([name]) => !PER_REQUEST.includes(name)),
    text: text.replaceAll(/"requestId":"[^"]*"/g, '"requestId":"?"'),
  };
}

describe('access to every operation of the document', () => {
  let world: World;
  let documented: ReadonlyMap<string, DocumentedOperation>;

  beforeAll(async () => {
    world = await aWorld();
    documented = new Map((await documentedOperations(world.stowage.client.url)).map((one) => [one.id, one]));
  });

  afterAll(async () => {
    await assertLedgerHolds(world.stowage.database.url);
    await world.stowage.stop();
  });

  const tokenOf = (actor: Actor): string | undefined => {
    const { team, elsewhere, colleague, operator, runtimeToken, weakToken, removed } = world;
    const tokens: Record<Actor, string | undefined> = {
      anonymous: undefined,
      'strange-viewer': elsewhere.team.viewer.token,
      'strange-developer': elsewhere.team.developer.token,
      'strange-admin': elsewhere.team.admin.token,
      removed: removed.token,
      viewer: team.viewer.token,
      colleague: colleague.token,
      owner: team.developer.token,
      admin: team.admin.token,
      operator: operator.token,
      'weak-token': weakToken,
      runtime: runtimeToken,
    };
    return tokens[actor];
  };

  const find = (id: string): DocumentedOperation => {
    const operation = documented.get(id);
    if (operation === undefined) throw new Error(`${id} is not in the document`);
    return operation;
  };

  /** Waits until no pass has anything left to do, so that only requests change what is stored. */
  const settled = (): Promise<unknown> =>
    eventually(
      () =>
        withClient(world.stowage.database.url, async (client) => {
          const open = `select 1 from cluster_signals union all select 1 from deployments where ended_at is not null and released_at is null`;
          return (await client.query(open)).rowCount;
        }),
      (count) => count === 0,
    );

  it('covers each documented operation, and no other', () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  it('matches the roles of the document', () => {
    const said = [...documented.values()]
      .filter(({ requiredRole }) => requiredRole !== undefined)
      .map(({ id, requiredRole }) => [id, requiredRole]);
    const expected = said.map(([id = '']) => {
      const needs = OPERATIONS[id]?.needs;
      return [id, needs === 'own-or-admin' ? 'developer' : needs === 'credential' ? 'signed-in' : needs];
    });
    expect(said).toEqual(expected);
  });

  const verdictOn = (actor: Actor, { needs, runtime = false, sessionOnly }: Operation): Verdict => {
    const verdict = actor === 'runtime' && runtime ? 'yes' : VERDICTS[needs][actor];
    return verdict === 'yes' && sessionOnly === true && actor === 'weak-token' ? NO_TOKENS : verdict;
  };

  const ask = async (
    actor: Actor,
    operation: DocumentedOperation,
    path: string,
  ): Promise<Answer<{ code?: string }>> => {
    const { body } = OPERATIONS[operation.id] ?? {};
    const call = { token: tokenOf(actor), ...(body === undefined ? {} : { body: body(world) }) };
    return world.stowage.client.send<{ code?: string }>(operation.method, path, call);
  };

  describe('for actors without access', () => {
    const paths = new Map<string, string>();
    let before: unknown;

    beforeAll(async () => {
      for (const operation of documented.values()) paths.set(operation.id, await pathOf(world, operation));
      await settled();
      before = await fingerprint(world.stowage.database.url);
    });

    it.each(Object.entries(OPERATIONS))('refuses without a change: %s', async (id, operation) => {
      const refused = ACTORS.filter((actor) => verdictOn(actor, operation) !== 'yes');
      const heard: [Actor, string][] = [];
      for (const actor of refused) {
        const { status, body } = await ask(actor, find(id), paths.get(id) ?? '');
        heard.push([actor, `${status} ${body.code ?? ''}`]);
      }
      expect(heard).toEqual(refused.map((actor) => [actor, verdictOn(actor, operation)]));
      const expected = before;
      before = await fingerprint(world.stowage.database.url);
      expect(before).toEqual(expected);
    });
  });

  it.each(Object.entries(OPERATIONS))('serves every actor with access: %s', async (id, operation) => {
    const letIn = ACTORS.filter((actor) => verdictOn(actor, operation) === 'yes');
    const heard: [Actor, number][] = [];
    for (const actor of letIn) {
      // An actor with access may change the resource: each gets a path of its own.
      heard.push([actor, (await ask(actor, find(id), await pathOf(world, find(id)))).status]);
    }
    expect(heard).toEqual(letIn.map((actor) => [actor, operation.success]));
  });
});

describe('what belongs to another organization', () => {
  let world: World;
  let operations: readonly DocumentedOperation[];

  beforeAll(async () => {
    world = await aWorld();
    operations = (await documentedOperations(world.stowage.client.url)).filter(({ template }) =>
      template.startsWith('/v1/organizations/{organizationId}'),
    );
  });

  afterAll(async () => {
    await assertLedgerHolds(world.stowage.database.url);
    await world.stowage.stop();
  });

  /** What an admin of the team hears when the named parameters are those ids. */
  const hear = async (operation: DocumentedOperation, ids: Readonly<Record<string, string>>): Promise<unknown> => {
    const { body } = OPERATIONS[operation.id] ?? {};
    const call = { token: world.team.admin.token, ...(body === undefined ? {} : { body: body(world) }) };
    return visibleIn(await world.stowage.client.send(operation.method, await pathOf(world, operation, ids), call));
  };

  const everyId = (parameters: readonly string[], id: (name: string) => string): Record<string, string> =>
    Object.fromEntries(parameters.map((name) => [name, id(name)]));

  it('answers every operation exactly as for a missing organization, and changes nothing', async () => {
    const { ids } = world.elsewhere;
    const heard: unknown[] = [];
    const expected: unknown[] = [];
    const before = await fingerprint(world.stowage.database.url);
    for (const operation of operations) {
      const foreign = everyId(operation.parameters, (name) => ids[name] ?? newId());
      heard.push([operation.id, await hear(operation, foreign)]);
      const nobodys = everyId(operation.parameters, () => newId());
      const answer = await hear(operation, nobodys);
      expect({ id: operation.id, answer }).toMatchObject({ answer: { status: 404 } });
      expected.push([operation.id, answer]);
    }
    expect(heard).toEqual(expected);
    expect(await fingerprint(world.stowage.database.url)).toEqual(before);
  });

  it('answers 404 under the own organization for each foreign id in the path', async () => {
    const { ids } = world.elsewhere;
    const before = await fingerprint(world.stowage.database.url);
    let count = 0;
    for (const operation of operations) {
      for (const name of operation.parameters.filter((parameter) => parameter !== 'organizationId')) {
        const others = everyId(
          operation.parameters.filter((other) => other !== 'organizationId'),
          () => newId(),
        );
        const foreign = await hear(operation, { ...others, [name]: ids[name] ?? '' });
        expect({ id: operation.id, name, foreign }).toEqual({
          id: operation.id,
          name,
          foreign: await hear(operation, others),
        });
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(10);
    expect(await fingerprint(world.stowage.database.url)).toEqual(before);
  });

  it('answers as for a missing resource where a filter or a body names a foreign one', async () => {
    const { team, cluster, elsewhere, stowage } = world;
    const before = await fingerprint(stowage.database.url);
    const filtered = async (clusterId: string): Promise<unknown> =>
      visibleIn(await team.admin.get(`${team.path}/deployments?clusterId=${clusterId}`));
    expect(await filtered(elsewhere.cluster.id)).toEqual(await filtered(newId()));

    const reported = async (id: string): Promise<unknown> => {
      const answer = await team.admin.post(`${cluster.path}/deployments/complete`, {
        reports: [{ id, outcome: 'failed' }],
      });
      return visibleIn({ ...answer, text: answer.text.replaceAll(id, 'id') });
    };
    expect(await reported(elsewhere.ids['deploymentId'] ?? '')).toEqual(await reported(newId()));

    const keyed = async (organizationId: string): Promise<unknown> =>
      visibleIn(await team.admin.post('/v1/me/tokens', { name: 'x', organizationId, role: 'viewer' }));
    expect(await keyed(elsewhere.team.organizationId)).toEqual(await keyed(newId()));
    expect(await fingerprint(stowage.database.url)).toEqual(before);
  });

  it('refuses a cursor of a foreign list', async () => {
    const { team, elsewhere } = world;
    await elsewhere.cluster.submit();
    const page = await elsewhere.team.admin.get<{ nextCursor: string }>(`${elsewhere.team.path}/deployments?limit=1`);
    expect(page.body.nextCursor).toEqual(expect.any(String));
    const answer = await team.admin.get(`${team.path}/deployments?limit=1&cursor=${page.body.nextCursor}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID_CURSOR' } });
  });

  it('withstands the runtime token of a service account of another organization', async () => {
    const { stowage, runtimeToken, elsewhere } = world;
    const path = elsewhere.cluster.deploymentPath(elsewhere.ids['deploymentId'] ?? '');
    for (const [method, url, body] of [
      ['GET', path, undefined],
      ['POST', `${path}/complete`, { outcome: 'failed' }],
      ['POST', `${path}/start`, {}],
    ] as const) {
      const answer = await stowage.client.send(method, url, {
        token: runtimeToken,
        ...(body === undefined ? {} : { body }),
      });
      expect(answer).toMatchObject({ status: 404, body: { code: 'ORGANIZATIONS.NOT_FOUND' } });
    }
  });
});
