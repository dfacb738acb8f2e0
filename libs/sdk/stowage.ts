import { Credential, type Credentials, type TokenPair } from './credentials.js';
import { type FollowOptions, followEvents } from './follow.js';
import { createClient, createConfig } from './generated/client/index.js';
import { type Event, Operations, type Tokens } from './generated/index.js';
import { errorOf } from './problem-error.js';
import { createTransport, type RetryOptions } from './transport.js';

const LINES = 'application/x-ndjson';

/** Address of the API, credential, and retries. */
export interface StowageOptions extends Credentials, RetryOptions {
  /** Such as `https://stowage.example.com`, without `/v1`. */
  readonly baseUrl: string;
  /** Sends requests; the global `fetch` by default. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * A client of the Stowage API. Each operation of its document is a method, by its operationId. It returns the answer of the API, and throws a
 * `ProblemError` where the API refuses.
 */
export class Stowage extends Operations {
  readonly #send: (request: Request, signal?: AbortSignal) => Promise<Response>;
  readonly #baseUrl: string;

  constructor(options: StowageOptions) {
    const baseUrl = options.baseUrl.replace(/\/+$/, '');
    const fetch = options.fetch ?? globalThis.fetch;
    const send = createTransport(new Credential(options, baseUrl, fetch), fetch, options);
    const client = createClient(
      createConfig({
        baseUrl,
        throwOnError: true,
        fetch: (input) => send(input as Request),
        // A text is a body of JSON lines, and sent as it is.
        bodySerializer: (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body)),
      }),
    );
    client.interceptors.error.use((body, response) =>
      response === undefined || body instanceof Error ? body : errorOf(body, response),
    );
    // JSON lines are a text to their reader; the generated client would hand out bytes.
    client.interceptors.response.use((response) =>
      response.headers.get('content-type')?.startsWith(LINES) === true
        ? new Response(response.body, { status: response.status, headers: { 'content-type': 'text/plain' } })
        : response,
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

  /** Creates an account and signs in. With an invite code, the account joins that organization. */
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

  /** The events of an organization as they happen: see {@link followEvents}. */
  follow(organizationId: string, options: FollowOptions = {}): AsyncGenerator<Event, void, undefined> {
    const url = new URL(`${this.#baseUrl}/v1/organizations/${encodeURIComponent(organizationId)}/events`);
    return followEvents(this.#send, url, options);
  }
}
