import { errorOf } from './problem-error.js';

/** What signing in gives. Keep the refresh token as you keep a password: each is good for one use. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Who asks: an API token, or somebody who signed in. */
export interface Credentials {
  /** An API token, of a person or of a service account. */
  readonly token?: string;
  /** The tokens of a session; they are renewed when the access token has expired. */
  readonly tokens?: TokenPair;
  /** Told of each new pair, so that it can be kept: the former refresh token is of no use any more. */
  readonly onTokens?: (tokens: TokenPair) => void;
}

/** Holds a credential, and renews it, once at a time however many requests find it expired. */
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

  /** Gets a new access token for one that was refused. @returns whether there is one; false for API tokens */
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
