import { newId } from '#kernel';

import { aDeployment, TestCluster } from './clusters.js';
import { withClient } from './database.js';
import { aMember, aPerson, aTeam, type Person, type Team } from './people.js';
import { type StartOptions, Stowage } from './stowage.js';
import { eventually } from './wait.js';

/** Two organizations with everything in them that a path can name. */
export interface World {
  readonly stowage: Stowage;
  readonly team: Team;
  readonly cluster: TestCluster;
  /** Another developer of the team, who owns nothing. */
  readonly colleague: Person;
  readonly operator: Person;
  /** Was the team's admin, was removed, and still has a valid access token. */
  readonly removed: Person;
  /** An API token of the team's admin, with the role viewer. */
  readonly weakToken: string;
  /** A token of the team's service account with scope `runtime`. */
  readonly runtimeToken: string;
  readonly elsewhere: {
    readonly team: Team;
    readonly cluster: TestCluster;
    readonly ids: Readonly<Record<string, string>>;
  };
}

/** Who may use an operation. */
export type Needs =
  'public' | 'signed-in' | 'credential' | 'operator' | 'viewer' | 'developer' | 'own-or-admin' | 'admin';

/** What tests must know of an operation to call it with success. */
export interface Operation {
  readonly needs: Needs;
  /** The status of success, with the body and path below. */
  readonly success: number;
  /** Not for API tokens, whatever their role. */
  readonly sessionOnly?: true;
  /** Service accounts with scope `runtime` may use it too. */
  readonly runtime?: boolean;
  /** Path parameters; those of {@link DEFAULTS} may be left out. */
  readonly path?: Readonly<Record<string, (world: World) => Promise<string> | string>>;
  readonly body?: (world: World) => unknown;
}

const random = (): string => newId();

/** A deployment of the team's developer whose resources are allocated. */
async function scheduledDeployment({ cluster }: World): Promise<string> {
  const id = await cluster.submit();
  await eventually(
    () => cluster.deployment(id),
    ({ status }) => status === 'scheduled',
  );
  return id;
}

let count = 0;

/** Makes something by a POST of an admin. @returns its id */
async function made(team: Team, path: string, body: unknown): Promise<string> {
  const answer = await team.admin.post<{ id: string }>(`${team.path}/${path}`, body);
  if (answer.status !== 201) throw new Error(`${path} was answered by ${answer.status}: ${answer.text}`);
  return answer.body.id;
}

const aServiceAccount = (team: Team): Promise<string> =>
  made(team, 'service-accounts', { name: `account-${(count += 1)}`, scope: 'runtime' });

const aCluster = (team: Team): Promise<string> =>
  made(team, 'clusters', { name: `made-${(count += 1)}`, capacity: { cpu: 1, memoryMib: 1 } });

const anInvite = (team: Team): Promise<string> => made(team, 'invites', { role: 'viewer' });

/** What fills a path parameter where an operation says nothing else. */
export const DEFAULTS: NonNullable<Operation['path']> = {
  organizationId: ({ team }) => team.organizationId,
  clusterId: ({ cluster }) => cluster.id,
  deploymentId: scheduledDeployment,
  serviceAccountId: ({ team }) => aServiceAccount(team),
  inviteId: ({ team }) => anInvite(team),
};

const anOutcome = (): unknown => ({ outcome: 'succeeded' });

/**
 * Every operation of the OpenAPI document, by its operationId. A route that is missing here fails the test of access: with a new
 * route comes an entry that says who may use it.
 */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  listErrorCodes: { needs: 'public', success: 200 },
  getErrorCode: { needs: 'public', success: 200, path: { code: () => 'REQUEST.INVALID' } },
  getLiveness: { needs: 'public', success: 200 },
  getStartup: { needs: 'public', success: 200 },
  getReadiness: { needs: 'public', success: 200 },
  getMetrics: { needs: 'public', success: 200 },
  getVersion: { needs: 'public', success: 200 },
  getSigningKeys: { needs: 'public', success: 200 },

  // Who gets as far as to hear that the body is not valid has got past the guard.
  registerUser: { needs: 'public', success: 400, body: () => ({}) },
  loginUser: { needs: 'public', success: 400, body: () => ({}) },
  refreshTokens: { needs: 'public', success: 400, body: () => ({}) },
  logoutUser: { needs: 'public', success: 400, body: () => ({}) },
  resetPassword: { needs: 'public', success: 400, body: () => ({}) },

  getAccess: { needs: 'credential', success: 200 },
  getMe: { needs: 'signed-in', success: 200 },
  updateMe: { needs: 'signed-in', success: 400, body: () => ({}) },
  changePassword: { needs: 'signed-in', success: 400, body: () => ({}) },
  listSessions: { needs: 'signed-in', success: 200 },
  endOtherSessions: { needs: 'signed-in', success: 200 },
  endSession: { needs: 'signed-in', success: 404, path: { sessionId: random } },
  listTokens: { needs: 'signed-in', success: 200 },
  createToken: { needs: 'signed-in', success: 400, body: () => ({}) },
  deleteToken: { needs: 'signed-in', success: 404, path: { tokenId: random } },

  listUsers: { needs: 'operator', success: 200 },
  disableUser: { needs: 'operator', success: 404, path: { userId: random } },
  enableUser: { needs: 'operator', success: 404, path: { userId: random } },
  createResetCode: { needs: 'operator', success: 404, path: { userId: random } },

  createOrganization: { needs: 'signed-in', success: 201, body: () => ({ name: 'Lab' }) },
  listOrganizations: { needs: 'signed-in', success: 200 },
  joinOrganization: { needs: 'signed-in', success: 404, body: () => ({ code: 'none' }) },
  getOrganization: { needs: 'viewer', success: 200 },
  getOrganizationLimits: { needs: 'viewer', success: 200 },
  updateOrganization: { needs: 'admin', success: 200, body: () => ({ name: `Lab ${(count += 1)}` }) },
  // An answer that says that deployments are active there shows that the caller may delete it.
  deleteOrganization: {
    needs: 'admin',
    success: 409,
    path: { organizationId: async (world) => (await scheduledDeployment(world), world.team.organizationId) },
  },
  leaveOrganization: { needs: 'viewer', sessionOnly: true, success: 400, body: () => ({ reason: 'none' }) },
  listMembers: { needs: 'viewer', success: 200 },
  updateMember: {
    needs: 'admin',
    sessionOnly: true,
    success: 200,
    path: { userId: ({ colleague }) => colleague.id },
    body: () => ({ role: 'developer' }),
  },
  removeMember: { needs: 'admin', success: 204, path: { userId: async ({ team }) => (await aMember(team)).id } },
  createInvite: { needs: 'admin', sessionOnly: true, success: 201, body: () => ({ role: 'viewer' }) },
  listInvites: { needs: 'admin', success: 200 },
  revokeInvite: { needs: 'admin', success: 204 },
  listAuditEntries: { needs: 'admin', success: 200 },
  listInstalledOrganizations: { needs: 'operator', success: 200 },
  updateInstalledOrganization: { needs: 'operator', success: 200, body: () => ({ limits: { members: 5000 } }) },
  listInstallationAuditEntries: { needs: 'operator', success: 200 },

  createServiceAccount: {
    needs: 'admin',
    sessionOnly: true,
    success: 201,
    body: () => ({ name: `made-${(count += 1)}`, role: 'developer' }),
  },
  listServiceAccounts: { needs: 'admin', success: 200 },
  deleteServiceAccount: { needs: 'admin', success: 204 },
  createServiceAccountToken: { needs: 'admin', sessionOnly: true, success: 201, body: () => ({ name: 'nightly' }) },
  listServiceAccountTokens: { needs: 'admin', success: 200 },
  deleteServiceAccountToken: { needs: 'admin', success: 404, path: { tokenId: random } },

  createCluster: {
    needs: 'admin',
    success: 201,
    body: () => ({ name: `cluster-${(count += 1)}`, capacity: { cpu: 1, memoryMib: 1 } }),
  },
  listClusters: { needs: 'viewer', success: 200 },
  getCluster: { needs: 'viewer', success: 200 },
  cordonCluster: { needs: 'admin', success: 200 },
  uncordonCluster: { needs: 'admin', success: 200 },
  drainCluster: { needs: 'admin', success: 200, path: { clusterId: ({ team }) => aCluster(team) } },
  updateCluster: { needs: 'admin', success: 200, body: () => ({ policy: { searchSteps: 1_000 + (count += 1) } }) },
  deleteCluster: { needs: 'admin', success: 204, path: { clusterId: ({ team }) => aCluster(team) } },
  listClusterAccess: { needs: 'viewer', success: 200 },
  grantClusterAccess: { needs: 'admin', success: 200, path: { userId: ({ colleague }) => colleague.id } },
  // An answer that says that a user is not on the list shows that the caller may change it.
  revokeClusterAccess: { needs: 'admin', success: 404, path: { userId: random } },
  planCluster: { needs: 'viewer', success: 200, body: () => ({}) },
  simulatePlan: {
    needs: 'signed-in',
    success: 200,
    body: () => ({ capacity: { cpu: 1, memoryMib: 1 }, now: '2026-01-01T00:00:00Z', queue: [] }),
  },
  getForecast: { needs: 'viewer', success: 200 },
  getForecastAccuracy: { needs: 'viewer', success: 200 },
  explainDeployment: { needs: 'viewer', success: 200 },
  listBlockers: { needs: 'viewer', success: 200 },
  listPasses: { needs: 'viewer', success: 200 },
  // Who hears that there is no such pass may read them.
  getDecisionHead: { needs: 'viewer', success: 200 },
  getPass: { needs: 'viewer', success: 404, path: { passId: random } },
  listLedgerEntries: { needs: 'viewer', success: 200 },
  getLedgerCheckpoint: { needs: 'viewer', success: 200 },
  getUsage: { needs: 'viewer', success: 200 },
  listRuntimes: { needs: 'viewer', success: 200 },
  forgetRuntimes: { needs: 'admin', success: 204 },
  auditLedger: { needs: 'operator', success: 200 },
  listInstalledClusters: { needs: 'operator', success: 200 },
  triggerPass: { needs: 'operator', success: 200 },
  repairLedger: { needs: 'operator', success: 202 },
  getRetention: { needs: 'operator', success: 200 },

  submitDeployment: { needs: 'developer', success: 201, body: () => aDeployment() },
  submitDeploymentLines: { needs: 'developer', success: 201, body: () => `${JSON.stringify(aDeployment())}\n` },
  submitDeployments: { needs: 'developer', success: 201, body: () => ({ deployments: [aDeployment()] }) },
  completeDeployments: {
    needs: 'developer',
    runtime: true,
    success: 200,
    body: () => ({ reports: [{ id: newId(), outcome: 'failed' }] }),
  },
  listQueue: { needs: 'viewer', runtime: true, success: 200 },
  listDeployments: { needs: 'viewer', runtime: true, success: 200 },
  getDeployment: { needs: 'viewer', runtime: true, success: 200 },
  listEvents: { needs: 'viewer', runtime: true, success: 200 },
  listDeploymentEvents: { needs: 'viewer', runtime: true, success: 200 },
  startDeployment: { needs: 'own-or-admin', runtime: true, success: 200, body: () => ({}) },
  completeDeployment: { needs: 'own-or-admin', runtime: true, success: 200, body: anOutcome },
  cancelDeployment: { needs: 'own-or-admin', success: 200 },
  updateDeployment: {
    needs: 'own-or-admin',
    success: 409,
    body: () => ({ priority: 60 }),
  },
  cancelDeployments: {
    needs: 'developer',
    success: 200,
    body: () => ({ filter: { namePrefix: 'no-such-' }, dryRun: true }),
  },
};

/** An operation as the OpenAPI document lists it. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  /** With parameters in braces. */
  readonly template: string;
  readonly requiredRole: string | undefined;
  readonly parameters: readonly string[];
  /** What the document shows as a body; undefined where there is none. A text is JSON lines. */
  readonly bodyExample: unknown;
  /** What it shows for each parameter of the query, and for each header. */
  readonly queryExamples: readonly ParameterExample[];
  readonly headerExamples: readonly ParameterExample[];
  /** What a form is filled with: what is sent by who touches nothing but the ids of the path. */
  readonly prefilled: readonly ParameterExample[];
}

/** A parameter with a value. */
export interface ParameterExample {
  readonly name: string;
  readonly example: unknown;
}

interface ParameterObject {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly example?: unknown; readonly examples?: readonly unknown[]; readonly default?: unknown };
}

interface OperationObject {
  readonly operationId: string;
  readonly 'x-required-role'?: string;
  readonly parameters?: readonly ParameterObject[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
}

/** The parameters at this place that have a value, by whatever says which. */
const valuesOf = (
  parameters: readonly ParameterObject[],
  place: string,
  value: (schema: ParameterObject['schema']) => unknown,
): readonly ParameterExample[] =>
  parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, schema }) => ({ name, example: value(schema) }))
    .filter(({ example }) => example !== undefined);

/** Everything that the document lists. */
export async function documentedOperations(url: string): Promise<DocumentedOperation[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, OperationObject>>;
  };
  return Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, { parameters = [], ...operation }]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      template,
      requiredRole: operation['x-required-role'],
      parameters: [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
      bodyExample: Object.values(operation.requestBody?.content ?? {})[0]?.example,
      queryExamples: valuesOf(
        parameters,
        'query',
        (schema) => schema.examples?.[0] ?? schema.example ?? schema.default,
      ),
      headerExamples: valuesOf(parameters, 'header', (schema) => schema.examples?.[0] ?? schema.example),
      prefilled: valuesOf(parameters, 'query', (schema) => schema.example ?? schema.default),
    })),
  );
}

/** A path of an operation, its parameters filled so that it succeeds, but for those that are given. */
export async function pathOf(
  world: World,
  { id, template, parameters }: DocumentedOperation,
  given: Readonly<Record<string, string>> = {},
): Promise<string> {
  let path = template;
  for (const name of parameters) {
    const fill = OPERATIONS[id]?.path?.[name] ?? DEFAULTS[name];
    if (fill === undefined) throw new Error(`${id} needs a ${name}: say in the table of operations which`);
    path = path.replace(`{${name}}`, given[name] ?? (await fill(world)));
  }
  return path;
}

/** Builds both organizations. */
export async function aWorld(options: StartOptions = {}): Promise<World> {
  const stowage = await Stowage.start(options);
  const [team, other] = [await aTeam(stowage.client), await aTeam(stowage.client, 'Elsewhere')];
  const operator = await aPerson(stowage.client, 'operator');
  await withClient(stowage.database.url, (client) =>
    client.query('update users set is_operator = true where id = $1', [operator.id]),
  );
  const colleague = await aMember(team);
  const removed = await aMember(team, 'admin');
  await team.admin.delete(`${team.path}/members/${removed.id}`);
  const weak = await team.admin.post<{ token: string }>('/v1/me/tokens', {
    name: 'weak',
    organizationId: team.organizationId,
    role: 'viewer',
  });

  const account = await aServiceAccount(team);
  const token = await team.admin.post<{ token: string }>(`${team.path}/service-accounts/${account}/tokens`, {
    name: 't',
  });
  const cluster = await TestCluster.create(team, { cpu: 1_000 });
  const otherCluster = await TestCluster.create(other, { cpu: 1_000 });
  const otherAccount = await aServiceAccount(other);
  const ids = {
    organizationId: other.organizationId,
    clusterId: otherCluster.id,
    deploymentId: await otherCluster.submit(),
    serviceAccountId: otherAccount,
    tokenId: await made(other, `service-accounts/${otherAccount}/tokens`, { name: 't' }),
    userId: other.viewer.id,
    inviteId: await anInvite(other),
  };
  await eventually(
    () => otherCluster.deployment(ids.deploymentId),
    ({ status }) => status === 'scheduled',
  );
  const [pass] = await otherCluster.passes();
  const elsewhere = { team: other, cluster: otherCluster, ids: { ...ids, passId: pass?.id ?? '' } };
  return {
    stowage,
    team,
    cluster,
    colleague,
    removed,
    operator,
    weakToken: weak.body.token,
    runtimeToken: token.body.token,
    elsewhere,
  };
}
