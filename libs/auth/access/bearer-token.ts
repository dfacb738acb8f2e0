/** The longest credential that is read; ours have fewer than 600 characters. */
const MAX_LENGTH = 2048;

/** The part of a request that strategies read. */
export interface BearerRequest {
  /** Header fields by lower-case name, as Node parses them. */
  readonly headers: { readonly authorization?: string | undefined };
  readonly raw: { readonly rawHeaders: readonly string[] };
}

/**
 * The token of the one `Authorization: Bearer` header, otherwise undefined.
 *
 * Of two such headers Node keeps the first silently; a proxy in front may have read the second. So two are none.
 */
export function bearerTokenOf({ headers, raw }: BearerRequest): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined || authorization.length > MAX_LENGTH) return undefined;
  if (raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization').length > 1)
    return undefined;
  return /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
}
