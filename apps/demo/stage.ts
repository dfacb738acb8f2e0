import { type Connection } from './connection.js';
import { type Identity, type Person, register } from './people.js';
import { Site } from './site.js';
import { type Load } from './workload.js';

/** The organizations, their clusters with the developer and the share of the workload of each; beside them an admin and a viewer. */
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

/** How the workload is divided among the clusters. */
export const WEIGHTS: readonly number[] = ORGANIZATIONS.flatMap(({ clusters }) => clusters.map(({ weight }) => weight));

/** Everything that the demo set up. */
export interface Stage {
  readonly sites: readonly Site[];
  readonly people: readonly { readonly person: Person; readonly organization: string }[];
}

/** Sets up organizations, their members by invite code, and clusters. @param loads one for each of {@link WEIGHTS} */
export async function setUp(connection: Connection, identity: Identity, loads: readonly Load[]): Promise<Stage> {
  const sites: Site[] = [];
  const people: Stage['people'][number][] = [];
  for (const { key, name: organization, clusters } of ORGANIZATIONS) {
    const admin = await register(connection, identity, `${key}-admin`, 'admin');
    people.push({ person: admin, organization });
    const { id: organizationId } = await admin.api.createOrganization({ body: { name: organization } });
    const path = { organizationId };
    const invite = async (role: 'developer' | 'viewer', name: string): Promise<Person> => {
      const body = { role, maxUses: 1, expiresInSeconds: 3600, note: `${name}, for the demo` };
      const { code } = await admin.api.createInvite({ path, body });
      const person = await register(connection, identity, `${key}-${name}`, role, code);
      people.push({ person, organization });
      return person;
    };
    const viewer = await invite('viewer', 'viewer');
    for (const { name, developer, weight } of clusters) {
      const load = loads[sites.length];
      if (load === undefined) throw new Error(`there is no load for cluster ${name} of weight ${weight}`);
      const team = { admin, viewer, developer: await invite('developer', developer) };
      const cluster = await admin.api.createCluster({ path, body: { name, capacity: load.capacity.toApi() } });
      sites.push(new Site(`${key}/${name}`, { ...path, clusterId: cluster.id }, cluster, team, load.tasks));
    }
  }
  return { sites, people };
}
