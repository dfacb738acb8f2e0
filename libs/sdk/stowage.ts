import { Credential, type Credentials, type TokenPair } from './credentials.js';
import { type FollowOptions, followEvents } from './follow.js';
import { createClient, createConfig } from './generated/client/index.js';
import { type Event, Operations, type Tokens } from './generated/index.js';
import { errorOf } from './problem-error.js';
import { createTransport, type RetryOptions } from './transport.js';

/** Where the API is, who asks, and how patiently. */
export interface StowageOptions extends Credentials, RetryOptions {
  /** Such as `https://stowage.example.com`, without `/v1`. */
  readonly baseUrl: string;
  /** What sends requests; the global `fetch` unless said otherwise. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * The Stowage API. Each operation of its document is a method, by its operationId; it answers what the API answers, and throws a
 * `ProblemError` for what the API refuses.
 */
export class Stowage extends Operations {
  readonly #send: (request: Request, signal?: AbortSignal) => Promise<Response>;
  readonly #baseUrl: string;

  constructor(options: StowageOptions) {
    const baseUrl = options.baseUrl.replace(/\/+$/, '');
    const fetch = options.fetch ?? globalThis.fetch;
    const send = createTransport(new Credential(options, baseUrl, fetch), fetch, options);
    const client = createClient(
      createConfig({ baseUrl, throwOnError: true, fetch: (input) => send(input as Request) }),
    );
    client.interceptors.error.use((body, response) =>
      response === undefined || body instanceof Error ? body : errorOf(body, response),
    );
    super({ client });
    this.#send = send;
    this.#baseUrl = baseUrl;
  }

  /** Signs in with username (or e-mail address) and password. The session renews itself. */
  static async signIn(
    options: Omit<StowageOptions, 'token' | 'tokens'> & { readonly username: string; readonly password: string },
  ): Promise<Stowage> {
    const { username, password, ...rest } = options;
    return Stowage.#signedIn(rest, (stowage) => stowage.loginUser({ body: { username, password } }));
  }

  /** Makes an account, and is signed in with it. With an invite code, the account joins that organization. */
  static async register(
    options: Omit<StowageOptions, 'token' | 'tokens'> & {
      readonly username: string;
      readonly password: string;
      readonly email?: string;
      readonly inviteCode?: string;
    },
  ): Promise<Stowage> {
    const { username, password, email, inviteCode, ...rest } = options;
    const account = {
      username,
      password,
      ...(email === undefined ? {} : { email }),
      ...(inviteCode === undefined ? {} : { inviteCode }),
    };
    return Stowage.#signedIn(rest, (stowage) => stowage.registerUser({ body: account }));
  }

  static async #signedIn(options: StowageOptions, ask: (stowage: Stowage) => Promise<Tokens>): Promise<Stowage> {
    const { accessToken, refreshToken } = await ask(new Stowage(options));
    const tokens: TokenPair = { accessToken, refreshToken };
    options.onTokens?.(tokens);
    return new Stowage({ ...options, tokens });
  }

  /** What happens to the deployments of an organization, as it happens: see {@link followEvents}. */
  follow(organizationId: string, options: FollowOptions = {}): AsyncGenerator<Event, void, undefined> {
    const url = new URL(`${this.#baseUrl}/v1/organizations/${encodeURIComponent(organizationId)}/events`);
    return followEvents(this.#send, url, options);
  }
}
