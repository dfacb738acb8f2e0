import { Injectable } from '@nestjs/common';

import {
  type ApiTokenQuestion,
  type MembershipJoin,
  type SessionQuestion,
  type Standing,
  standingOfApiToken,
  standingOfSession,
  StandingReader,
  toStanding,
} from '#auth';
import { Database, preparedRowsOf, sql } from '#database';

/** Memberships as the guard reads them: in the one statement that also reads the session or token and its user. */
@Injectable()
export class MembershipStandingReader extends StandingReader {
  constructor(private readonly database: Database) {
    super();
  }

  override async bySession(question: SessionQuestion): Promise<Standing | null> {
    const [row] = await preparedRowsOf(
      this.database.reader(),
      standingOfSession(question, sessionMembership(question)),
    );
    return toStanding(row);
  }

  override async byApiToken(question: ApiTokenQuestion): Promise<Standing | null> {
    const [row] = await preparedRowsOf(this.database.reader(), standingOfApiToken(question, TOKEN_MEMBERSHIP));
    return toStanding(row);
  }
}

/** Operators are admins of every organization that exists. One that was deleted exists for nobody. */
function sessionMembership({ organizationId }: SessionQuestion): MembershipJoin {
  return {
    joins: sql`left join organizations o on o.id = ${organizationId}::uuid and o.deleted_at is null
               left join memberships m on m.organization_id = o.id and m.user_id = u.id`,
    role: sql`case when o.id is null then null when u.is_operator then 'admin' else m.role end`,
  };
}

/** A deleted organization has no members, service accounts or tokens left that this could find. */
const TOKEN_MEMBERSHIP: MembershipJoin = {
  joins: sql`left join memberships m on m.organization_id = t.organization_id and m.user_id = u.id`,
  role: sql`m.role`,
};
