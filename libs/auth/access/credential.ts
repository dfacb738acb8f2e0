/** A credential whose form and signature are right. What it is worth, only {@link StandingReader} knows. */
export type Credential =
  | { readonly kind: 'session'; readonly userId: string; readonly sessionId: string }
  | { readonly kind: 'api-token'; readonly tokenHash: Buffer };
