import { type Role } from '#kernel';

import { type Api, type Call, Refusal } from './api.js';
import { type PageAnswer, type Tokens } from './api-types.js';

/** The longest page that the API answers. */
const PAGE_SIZE = 100;

type Safety<T> = Call<T>['whenUnsure'];

/** One of the demo's users, signed in for as long as the demo takes. */
export class Person {
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly api: Api,
    readonly username: string,
    readonly password: string,
    readonly role: Role,
    private tokens: Tokens,
  ) {}

  get id(): string {
    return this.tokens.user.id;
  }

  async get<T>(path: string): Promise<T> {
    return this.send<T>({ method: 'GET', path, whenUnsure: 'again' });
  }

  /** @param whenUnsure see {@link Call} */
  async post<T>(path: string, body: unknown, whenUnsure: Safety<T>): Promise<T> {
    return this.send<T>({ method: 'POST', path, body, whenUnsure });
  }

  /** All items of a list, page after page. @param path with at least one query parameter */
  async *list<T>(path: string): AsyncGenerator<readonly T[]> {
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: PageAnswer<T> = await this.get(`${path}&limit=${PAGE_SIZE}${more}`);
      yield page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  private async send<T>(request: Call<T>): Promise<T> {
    const { accessToken } = this.tokens;
    try {
      return await this.api.call<T>({ ...request, token: accessToken });
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      await this.refresh(accessToken);
      return this.api.call<T>({ ...request, token: this.tokens.accessToken });
    }
  }

  /** Gets the next tokens, once for all requests that found the present ones expired. */
  private async refresh(expired: string): Promise<void> {
    if (this.tokens.accessToken !== expired) return;
    this.refreshing ??= this.api
      .call<Tokens>({
        method: 'POST',
        path: '/v1/auth/refresh',
        body: { refreshToken: this.tokens.refreshToken },
        // The service gives the same answer to a repetition.
        whenUnsure: 'again',
      })
      .then((tokens) => {
        this.tokens = tokens;
      })
      .finally(() => {
        this.refreshing = undefined;
      });
    await this.refreshing;
  }
}
