import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { fingerprint } from '../../support/fingerprint.js';
import {
  aWorld,
  documentedOperations,
  type DocumentedOperation,
  OPERATIONS,
  pathOf,
  type World,
} from '../../support/operations.js';

/** Operations that give access which outlasts the request: a credential, a membership, a role, or the means to any of them. */
const GIVES_ACCESS = [
  'changePassword',
  'createInvite',
  'createOrganization',
  'createResetCode',
  'createServiceAccount',
  'createServiceAccountToken',
  'createToken',
  'enableUser',
  'joinOrganization',
  'updateMe',
  'updateMember',
];

/** Operations that take a secret in the body as their proof instead of a credential. */
const TAKES_A_SECRET = ['loginUser', 'logoutUser', 'refreshTokens', 'registerUser', 'resetPassword'];

/** All other operations that change something: what they give ends with the access that the principal has anyway. */
const GIVES_NONE = [
  'auditLedger',
  'cancelDeployment',
  'cancelDeployments',
  'completeDeployment',
  'completeDeployments',
  'cordonCluster',
  'createCluster',
  'disableUser',
  'drainCluster',
  'grantClusterAccess',
  'leaveOrganization',
  'planCluster',
  'repairLedger',
  'simulatePlan',
  'startDeployment',
  'submitDeployment',
  'submitDeploymentLines',
  'submitDeployments',
  'triggerPass',
  'uncordonCluster',
  'updateCluster',
  'updateDeployment',
  'updateInstalledOrganization',
  'updateOrganization',
];

describe('operations that give access', () => {
  let world: World;
  let changing: readonly DocumentedOperation[];
  /** Tokens of the greatest power that there is: an admin's, and a service account's with the role admin. */
  let tokens: readonly string[];

  beforeAll(async () => {
    world = await aWorld();
    const documented = await documentedOperations(world.stowage.client.url);
    changing = documented.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method));
    const { team } = world;
    const order = { name: 'key', organizationId: team.organizationId, role: 'admin' };
    const own = await team.admin.post<{ token: string }>('/v1/me/tokens', order);
    const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
      name: 'root',
      role: 'admin',
    });
    const path = `${team.path}/service-accounts/${account.body.id}/tokens`;
    const its = await team.admin.post<{ token: string }>(path, { name: 'key' });
    tokens = [own.body.token, its.body.token];
  });

  afterAll(() => world.stowage.stop());

  it('lists every operation that changes something in one of three groups', () => {
    const listed = [...GIVES_ACCESS, ...TAKES_A_SECRET, ...GIVES_NONE];
    expect(changing.map(({ id }) => id).toSorted()).toEqual(listed.toSorted());
  });

  it('documents each operation that gives access in the decision', () => {
    const decision = readFileSync('docs/decisions/credentials-take-a-session.md', 'utf8');
    expect(GIVES_ACCESS.filter((id) => !decision.includes(`\`${id}\``))).toEqual([]);
  });

  it.each(GIVES_ACCESS)('refuses API tokens of the role admin without a change: %s', async (id) => {
    const operation = changing.find((one) => one.id === id);
    if (operation === undefined) throw new Error(`${id} is not in the document`);
    const { body } = OPERATIONS[id] ?? {};
    const path = await pathOf(world, operation);
    const before = await fingerprint(world.stowage.database.url);
    for (const token of tokens) {
      const call = { token, ...(body === undefined ? {} : { body: body(world) }) };
      const answer = await world.stowage.client.send<{ code?: string }>(operation.method, path, call);
      expect(answer.status).toBe(403);
      expect(['RBAC.SESSION_REQUIRED', 'RBAC.OPERATOR_REQUIRED']).toContain(answer.body.code);
    }
    expect(await fingerprint(world.stowage.database.url)).toEqual(before);
  });
});
