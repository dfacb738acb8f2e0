import { type MembershipJoin, Memberships, type TokenMembershipJoin } from '#auth';
import { sql } from '#database';

/** Memberships, as the guard's one statement reads them together with the session or token and its user. */
export class OrganizationMemberships extends Memberships {
  /** Operators are admins of every organization that exists. A deleted one does not exist. */
  override ofUser(organizationId: string | null): MembershipJoin {
    return {
      joins: sql`left join organizations o on o.id = ${organizationId}::uuid and o.deleted_at is null
                 left join memberships m on m.organization_id = o.id and m.user_id = u.id`,
      role: sql`case when o.id is null then null when u.is_operator then 'admin' else m.role end`,
    };
  }

  /** A deleted organization has no members, service accounts or tokens left that this could find. */
  override ofToken(): TokenMembershipJoin {
    return {
      joins: sql`left join memberships m on m.organization_id = t.organization_id and m.user_id = u.id
                 left join organizations o on o.id = t.organization_id`,
      role: sql`m.role`,
      founder: sql`o.created_by`,
    };
  }
}
