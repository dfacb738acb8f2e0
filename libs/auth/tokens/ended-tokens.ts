import { changesOf, type EntityManager, sql } from '#database';

/** Deletes the API tokens of somebody who leaves an organization: should they come back, their old tokens do not. */
export async function deleteTokensOfMember(tx: EntityManager, organizationId: string, userId: string): Promise<void> {
  await changesOf(tx, sql`delete from api_tokens where organization_id = ${organizationId} and user_id = ${userId}`);
}

/** Deletes every API token and service account of an organization that ends. */
export async function deleteTokensOfOrganization(tx: EntityManager, organizationId: string): Promise<void> {
  await changesOf(tx, sql`delete from api_tokens where organization_id = ${organizationId}`);
  await changesOf(tx, sql`delete from service_accounts where organization_id = ${organizationId}`);
}
