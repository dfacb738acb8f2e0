import { randomBytes } from 'node:crypto';

import { type Role } from '#kernel';

import { type Answer, type ApiClient, type Call } from './api-client.js';

/** Spec files share an installation: names differ between them. */
const FILE = randomBytes(4).toString('hex');

let count = 0;

/** A user who is signed in. */
export class Person {
  constructor(
    readonly client: ApiClient,
    readonly id: string,
    readonly username: string,
    readonly password: string,
    readonly token: string,
  ) {}

  async get<T = Record<string, unknown>>(path: string, call: Call = {}): Promise<Answer<T>> {
    return this.client.get<T>(path, { token: this.token, ...call });
  }

  async patch<T = Record<string, unknown>>(path: string, body: unknown, call: Call = {}): Promise<Answer<T>> {
    return this.client.send<T>('PATCH', path, { token: this.token, body, ...call });
  }

  async delete<T = Record<string, unknown>>(path: string, call: Call = {}): Promise<Answer<T>> {
    return this.client.send<T>('DELETE', path, { token: this.token, ...call });
  }

  async post<T = Record<string, unknown>>(path: string, body?: unknown, call: Call = {}): Promise<Answer<T>> {
    return this.client.post<T>(path, { token: this.token, body, ...call });
  }
}

/** Registers a new user. */
export async function aPerson(client: ApiClient, name = 'person'): Promise<Person> {
  const username = `${name}-${FILE}-${(count += 1)}`;
  const password = `correct horse ${username} staple`.replaceAll(username, 'battery');
  const { status, body, text } = await client.post<{ accessToken: string; user: { id: string } }>('/v1/auth/register', {
    body: { username, password },
  });
  if (status !== 201) throw new Error(`registering ${username} was answered by ${status}: ${text}`);
  return new Person(client, body.user.id, username, password, body.accessToken);
}

/** An organization with a member in each role. */
export interface Team {
  readonly organizationId: string;
  /** `/v1/organizations/{id}` */
  readonly path: string;
  readonly admin: Person;
  readonly developer: Person;
  readonly viewer: Person;
}

/** Registers a user who joins an organization by an invite code. */
export async function aMember(
  { admin, path }: Pick<Team, 'admin' | 'path'>,
  role: Role = 'developer',
  name: string = role,
): Promise<Person> {
  const invite = await admin.post<{ code: string }>(`${path}/invites`, { role });
  const person = await aPerson(admin.client, name);
  const joined = await person.post('/v1/organizations/join', { code: invite.body.code });
  if (joined.status !== 200) throw new Error(`joining was answered by ${joined.status}: ${joined.text}`);
  return person;
}

/** Creates an organization, and registers a member in each role. */
export async function aTeam(client: ApiClient, name = 'Vision Lab'): Promise<Team> {
  const admin = await aPerson(client, 'admin');
  const { body } = await admin.post<{ id: string }>('/v1/organizations', { name });
  const path = `/v1/organizations/${body.id}`;
  const join = (role: Role): Promise<Person> => aMember({ admin, path }, role);
  return { organizationId: body.id, path, admin, developer: await join('developer'), viewer: await join('viewer') };
}
