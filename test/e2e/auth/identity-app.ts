import { generateKeyPairSync, randomUUID } from 'node:crypto';

import { jest } from '@jest/globals';
import { Controller, Get, Global, Injectable, Module } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type PoolClient } from 'pg';

import { auditEntities } from '#audit';
import {
  authEntities,
  AuthModule,
  InviteRedeemer,
  type MembershipJoin,
  Memberships,
  TokenAllowance,
  type TokenMembershipJoin,
} from '#auth';
import { type ApiSettings, type Environment } from '#config';
import { changesOf, Database, DatabaseModule, type EntityManager, rowsOf, sql } from '#database';
import { ApiRoute, createHttpApp, createLogger, defineErrors, IdempotencyModule, PagingModule } from '#http';
import { newId, type Role } from '#kernel';
import { type Actor, CurrentActor, RbacModule, RequireOperator, RequireRole, SignedIn } from '#rbac';

import { createTestDatabase, withClient } from '../../support/database.js';
import { testSettings } from '../../support/settings.js';

const TEST_MEMBERS = `
  create table test_members (organization_id uuid, user_id uuid, role text, primary key (organization_id, user_id));
  grant select, insert, update, delete on test_members to public`;

/** Memberships for tests of identity alone: one table, and an organization exists when it has a member. */
class TestMemberships extends Memberships {
  override ofUser(organizationId: string | null): MembershipJoin {
    return {
      joins: sql`left join test_members m on m.user_id = u.id and m.organization_id = ${organizationId}::uuid`,
      role: sql`case when not exists (select 1 from test_members e where e.organization_id = ${organizationId}::uuid) then null
                     when u.is_operator then 'admin' else m.role end`,
    };
  }

  override ofToken(): TokenMembershipJoin {
    return {
      joins: sql`left join test_members m on m.organization_id = t.organization_id and m.user_id = u.id`,
      role: sql`m.role`,
      founder: sql`t.organization_id`,
    };
  }
}

const InviteErrors = defineErrors('INVITES', {
  NOT_FOUND: { kind: 'not-found', title: 'Not found', explanation: 'For tests.' },
  EXPIRED: { kind: 'gone', title: 'Expired', explanation: 'For tests.' },
  REVOKED: { kind: 'gone', title: 'Revoked', explanation: 'For tests.' },
  EXHAUSTED: { kind: 'gone', title: 'Used up', explanation: 'For tests.' },
});

/** One invite code works: `open:` and the organization's id. */
@Injectable()
class TestInvites extends InviteRedeemer {
  override async redeem(tx: EntityManager, code: string, userId: string): Promise<void> {
    const [kind, organizationId] = code.split('/');
    if (kind !== 'open') throw InviteErrors.REVOKED.because();
    await changesOf(tx, sql`insert into test_members values (${organizationId}, ${userId}, 'viewer')`);
  }
}

/** No limit of an organization on tokens. */
@Injectable()
class TestAllowance extends TokenAllowance {
  override hold(): Promise<number> {
    return Promise.resolve(Number.MAX_SAFE_INTEGER);
  }

  override async roleOf(em: EntityManager, organizationId: string, userId: string): Promise<Role | null> {
    const [member] = await rowsOf(
      em,
      sql<{
        role: Role;
      }>`select role from test_members where organization_id = ${organizationId} and user_id = ${userId}`,
    );
    return member?.role ?? null;
  }
}

@Global()
@Module({
  providers: [
    { provide: Memberships, useClass: TestMemberships },
    { provide: InviteRedeemer, useClass: TestInvites },
    { provide: TokenAllowance, useClass: TestAllowance },
  ],
  exports: [Memberships, InviteRedeemer, TokenAllowance],
})
class TestTenancy {}

const route = (id: string): Parameters<typeof ApiRoute>[0] => ({
  id,
  tag: 'test',
  summary: id,
  description: id,
  mediaType: 'application/json',
});

/** One route for each kind of access, which answers the actor. */
@Controller()
class TestController {
  @Get('test/anybody')
  @SignedIn({ apiTokens: true })
  @ApiRoute(route('anybody'))
  anybody(@CurrentActor() actor: Actor): Actor {
    return actor;
  }

  @Get('test/people')
  @SignedIn()
  @ApiRoute(route('people'))
  people(@CurrentActor() actor: Actor): Actor {
    return actor;
  }

  @Get('test/operators')
  @RequireOperator()
  @ApiRoute(route('operators'))
  operators(@CurrentActor() actor: Actor): Actor {
    return actor;
  }

  @Get('organizations/:organizationId/viewers')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute(route('viewers'))
  viewers(@CurrentActor() actor: Actor): Actor {
    return actor;
  }

  @Get('organizations/:organizationId/developers')
  @RequireRole('developer')
  @ApiRoute(route('developers'))
  developers(@CurrentActor() actor: Actor): Actor {
    return actor;
  }

  @Get('organizations/:organizationId/admins')
  @RequireRole('admin')
  @ApiRoute(route('admins'))
  admins(@CurrentActor() actor: Actor): Actor {
    return actor;
  }
}

/** The answer to a request. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Body;
}

/** Options of one request. */
export interface Call {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's address, as the socket shows it. */
  readonly from?: string;
}

/** The answer of the three routes that sign in. */
export interface Tokens {
  readonly accessToken: string;
  readonly tokenType: string;
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly user: {
    readonly id: string;
    readonly username: string;
    readonly email: string | null;
    readonly isOperator: boolean;
  };
}

/** A password that every rule accepts. */
export const PASSWORD = 'plum wagon orbit 42';

/** A signing key as the settings take it. */
export function aSigningKey(kid: string): Record<string, unknown> {
  return { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), kid };
}

/** The API with identity and nothing else, on a database of its own. */
export class IdentityApp {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly settings: ApiSettings,
    /** Everything that was logged. */
    readonly log: readonly string[],
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(env: Environment = {}): Promise<IdentityApp> {
    const testDatabase = await createTestDatabase();
    await withClient(testDatabase.url, async (client) => {
      await client.query(TEST_MEMBERS);
    });
    const { processUrl: url } = testDatabase;
    const settings = testSettings(url, { STOWAGE_JWT_KEYS: JSON.stringify([aSigningKey('k1')]), ...env });
    const database = { url, poolMax: 10, applicationName: 'stowage-test' };
    const log: string[] = [];
    const app = await createHttpApp(moduleOf(database), settings, {
      logger: createLogger({ logLevel: 'info' }, { write: (line) => log.push(line) }),
    });
    return new IdentityApp(app, settings, log, () => testDatabase.drop());
  }

  get database(): Database {
    return this.app.get(Database);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.drop();
  }

  async sql<Row>(statement: ReturnType<typeof sql<Row>>): Promise<Row[]> {
    return rowsOf(this.database.reader(), statement);
  }

  /** Counts the statements that reach PostgreSQL from now on. */
  async countStatements(): Promise<() => number> {
    const pool = await this.database.orm.em.getConnection().getNativeClient();
    const spies = new Map<PoolClient, { readonly mock: { readonly calls: unknown[] } }>();
    const watch = (client: PoolClient): void => {
      if (!spies.has(client)) spies.set(client, jest.spyOn(client, 'query'));
    };
    pool.on('acquire', watch);
    return () => {
      pool.off('acquire', watch);
      return [...spies.values()].reduce((sum, { mock }) => sum + mock.calls.length, 0);
    };
  }

  async call<Body = Record<string, unknown>>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    call: Call = {},
  ): Promise<Answer<Body>> {
    const { token, body, headers = {}, from } = call;
    const response = await this.app.inject({
      method,
      url: path,
      ...(from === undefined ? {} : { remoteAddress: from }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const parsed: unknown = response.body === '' ? {} : JSON.parse(response.body);
    return { status: response.statusCode, headers: response.headers, body: parsed as Body };
  }

  post<Body = Record<string, unknown>>(
    path: string,
    body: unknown,
    call: Omit<Call, 'body'> = {},
  ): Promise<Answer<Body>> {
    return this.call<Body>('POST', path, { ...call, body });
  }

  /** A new user, signed in. */
  async register(username = `user-${randomUUID().slice(0, 8)}`, call: Omit<Call, 'body'> = {}): Promise<Tokens> {
    const answer = await this.post<Tokens>('/v1/auth/register', { username, password: PASSWORD }, call);
    if (answer.status !== 201) throw new Error(`registering answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Tries to sign in. */
  login(username: string, password = PASSWORD, call: Omit<Call, 'body'> = {}): Promise<Answer<Tokens>> {
    return this.post<Tokens>('/v1/auth/login', { username, password }, call);
  }

  /** Makes a user a member, with a role, of a new organization or of one that exists. */
  async join(userId: string, role: Role, organizationId = newId()): Promise<string> {
    await this.sql(sql`
      insert into organizations (id, name, created_by) values (${organizationId}, 'Lab', ${userId}) on conflict do nothing`);
    await this.sql(sql`
      insert into test_members values (${organizationId}, ${userId}, ${role})
      on conflict (organization_id, user_id) do update set role = excluded.role`);
    return organizationId;
  }
}

function moduleOf(database: { url: string; poolMax: number; applicationName: string }): new () => object {
  @Module({
    imports: [
      DatabaseModule.forRoot(database, [...authEntities, ...auditEntities]),
      TestTenancy,
      PagingModule,
      IdempotencyModule,
      AuthModule,
      RbacModule,
    ],
    controllers: [TestController],
  })
  class TestModule {}
  return TestModule;
}
