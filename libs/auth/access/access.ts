import { type Role } from '#kernel';

/** A credential whose form and signature are right. {@link AccessResolver} reads what it grants. */
export type Credential =
  | { readonly kind: 'session'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'api-token'; readonly tokenHash: Buffer };

/** What a service account may do instead of holding a role. */
export const TOKEN_SCOPES = ['runtime'] as const;

/** `runtime`: read deployments and events, report start and completion of any deployment, nothing else. */
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** The kinds of principals and their credentials: a user's session, a user's API token, a service account's token. */
export const PRINCIPAL_KINDS = ['user', 'api-token', 'service-account'] as const;

/** One of {@link PRINCIPAL_KINDS}. */
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/** The principal of a credential, and what it grants at this moment in one organization or in none. */
export interface Access {
  readonly kind: PrincipalKind;
  /** The user; for a service account its own id. What the principal makes is recorded under it. */
  readonly id: string;
  /** The account that limits are counted for: the user; for a service account the user that created its organization. */
  readonly accountId: string;
  /** The username, or the service account's name. */
  readonly name: string;
  /** Never true for a token: a token grants what its role says. */
  readonly isOperator: boolean;
  readonly sessionId: string | null;
  readonly tokenId: string | null;
  /** The effective role in the organization of the request; `admin` for operators; null without an organization or a membership in it. */
  readonly role: Role | null;
  /** Set for a service account that holds a scope instead of a role. */
  readonly scope: TokenScope | null;
}
