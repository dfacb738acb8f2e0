import { errorOf } from './problem-error.js';

/** The tokens of a session. Keep the refresh token as you keep a password; each can be used once. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** The credential of a client: an API token, or the tokens of a session. */
export interface Credentials {
  /** An API token of a user or a service account. */
  readonly token?: string;
  /** The tokens of a session; they are renewed when the access token has expired. */
  readonly tokens?: TokenPair;
  /** Called with each new pair, to be kept: the former refresh token is no longer valid. */
  readonly onTokens?: (tokens: TokenPair) => void;
}

/** Holds a credential, and renews it once for all concurrent requests that find it expired. */
export class Credential {
  private tokens: TokenPair | undefined;
  private renewal: Promise<boolean> | undefined;

  constructor(
    private readonly options: Credentials,
    private readonly baseUrl: string,
    private readonly fetch: typeof globalThis.fetch,
  ) {
    this.tokens = options.tokens;
  }

  get bearer(): string | undefined {
    return this.tokens?.accessToken ?? this.options.token;
  }

  /** Gets a new access token after one was refused. @returns false where there is none to get: for API tokens */
  async renew(refused: string | undefined): Promise<boolean> {
    if (this.tokens === undefined) return false;
    if (this.tokens.accessToken !== refused) return true;
    this.renewal ??= this.refresh(this.tokens.refreshToken).finally(() => (this.renewal = undefined));
    return this.renewal;
  }

  private async refresh(refreshToken: string): Promise<boolean> {
    const response = await this.fetch(`${this.baseUrl}/v1/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken }),
    });
    const body = (await response.json()) as TokenPair;
    if (!response.ok) throw errorOf(body, response);
    this.tokens = { accessToken: body.accessToken, refreshToken: body.refreshToken };
    this.options.onTokens?.(this.tokens);
    return true;
  }
}
