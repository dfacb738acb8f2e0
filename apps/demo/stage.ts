import { type ResourceVector, type Role } from '#kernel';

import { type Api, Refusal } from './api.js';
import {
  amountsOf,
  type ClusterAnswer,
  type InviteAnswer,
  type OrganizationAnswer,
  type PageAnswer,
  type Tokens,
} from './api-types.js';
import { Person } from './person.js';
import { Site } from './site.js';
import { type Load } from './workload.js';

/** The organizations, who belongs to them beside an admin and a viewer, and their clusters with their share of the workload. */
const ORGANIZATIONS = [
  {
    key: 'vision',
    name: 'Vision Lab (demo)',
    clusters: [
      { name: 'training', developer: 'tina', weight: 5 },
      { name: 'serving', developer: 'sam', weight: 2 },
    ],
  },
  { key: 'language', name: 'Language Lab (demo)', clusters: [{ name: 'shared', developer: 'lea', weight: 3 }] },
] as const;

type OrganizationPlan = (typeof ORGANIZATIONS)[number];

/** How the workload is shared out among the clusters. */
export const WEIGHTS: readonly number[] = ORGANIZATIONS.flatMap(({ clusters }) => clusters.map(({ weight }) => weight));

/** Everything that the demo set up. */
export interface Stage {
  readonly sites: readonly Site[];
  readonly people: readonly { readonly person: Person; readonly organization: string }[];
}

/** What makes the users of one run different from those of any other. */
export interface Identity {
  readonly suffix: string;
  readonly password: string;
}

/** Sets up organizations, their members by invite code, and clusters. @param loads one for each of {@link WEIGHTS} */
export async function setUp(api: Api, identity: Identity, loads: readonly Load[]): Promise<Stage> {
  const sites: Site[] = [];
  const people: { person: Person; organization: string }[] = [];
  for (const plan of ORGANIZATIONS) {
    const organization = await found(api, identity, plan);
    for (const { name, developer, weight } of plan.clusters) {
      const load = loads[sites.length];
      if (load === undefined) throw new Error(`there is no load for cluster ${name} of weight ${weight}`);
      const { admin, viewer, path } = organization;
      const team = { admin, viewer, developer: await organization.invite('developer', developer) };
      const cluster = await createCluster(admin, path, name, load.capacity);
      sites.push(new Site(`${plan.key}/${name}`, path, cluster, team, load.tasks));
    }
    people.push(...organization.people.map((person) => ({ person, organization: plan.name })));
  }
  return { sites, people };
}

interface Founded {
  readonly path: string;
  readonly admin: Person;
  readonly viewer: Person;
  readonly people: readonly Person[];
  invite(role: Role, name: string): Promise<Person>;
}

async function found(api: Api, identity: Identity, plan: OrganizationPlan): Promise<Founded> {
  const admin = await register(api, identity, `${plan.key}-admin`, 'admin');
  const { id } = await admin.post<OrganizationAnswer>('/v1/organizations', { name: plan.name }, 'again');
  const path = `/v1/organizations/${id}`;
  const people = [admin];
  const invite = async (role: Role, name: string): Promise<Person> => {
    const { code } = await admin.post<InviteAnswer>(
      `${path}/invites`,
      { role, maxUses: 1, expiresInSeconds: 3600, note: `${name}, for the demo` },
      'again',
    );
    const person = await register(api, identity, `${plan.key}-${name}`, role, code);
    people.push(person);
    return person;
  };
  return { path, admin, viewer: await invite('viewer', 'viewer'), people, invite };
}

async function register(
  api: Api,
  { suffix, password }: Identity,
  name: string,
  role: Role,
  inviteCode?: string,
): Promise<Person> {
  const username = `${name}-${suffix}`;
  const credentials = { username, password };
  const tokens = await api.call<Tokens>({
    method: 'POST',
    path: '/v1/auth/register',
    body: { ...credentials, ...(inviteCode === undefined ? {} : { inviteCode }) },
    // Whoever can sign in was registered.
    whenUnsure: () =>
      api
        .call<Tokens>({ method: 'POST', path: '/v1/auth/login', body: credentials, whenUnsure: 'again' })
        .catch(undefinedIf(401)),
  });
  return new Person(api, username, password, role, tokens);
}

async function createCluster(
  admin: Person,
  organizationPath: string,
  name: string,
  capacity: ResourceVector,
): Promise<ClusterAnswer> {
  const path = `${organizationPath}/clusters`;
  return admin.post<ClusterAnswer>(path, { name, capacity: amountsOf(capacity) }, async () => {
    const { items } = await admin.get<PageAnswer<ClusterAnswer>>(path);
    return items.find((cluster) => cluster.name === name);
  });
}

/** Turns a refusal with that status into undefined. */
function undefinedIf(status: number): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Refusal && error.status === status) return undefined;
    throw error;
  };
}
