import { describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { createApiToken, digestOf } from '../tokens/api-token-format.js';
import { type AccessTokenStrategy } from './access-token.strategy.js';
import { Authenticator } from './authenticator.js';

/** Accepts what begins with `good`, and counts how often it is asked. */
class Checker {
  authenticate(
    this: { success(verified: object): void; fail(): void; count(): void },
    { token }: { token: string },
  ): void {
    this.count();
    if (token.startsWith('good')) this.success({ kind: 'session', userId: 'u', sessionId: 's', expiresAtSeconds: 2e9 });
    else this.fail();
  }

  count(): void {
    total++;
  }
}
let total = 0;

const authenticator = new Authenticator(new Checker() as unknown as AccessTokenStrategy);
const ask = (authorization: string | string[] | undefined): Promise<unknown> =>
  authenticator.authenticate({ authorization });

describe('the authenticator', () => {
  it('checks a signature once, and forgets the oldest of ten thousand tokens', async () => {
    total = 0;
    await ask('Bearer good-0');
    await ask('bearer   good-0');
    expect(total).toBe(1);
    for (let i = 1; i <= 10_000; i++) await ask(`Bearer good-${i}`);
    await ask('Bearer good-10000');
    expect(total).toBe(10_001);
    await ask('Bearer good-0');
    expect(total).toBe(10_002);
  });

  it('knows an API token by its form, and hands on its hash', async () => {
    const token = createApiToken(newId());
    await expect(ask(`Bearer ${token}`)).resolves.toEqual({ kind: 'api-token', tokenHash: digestOf(token) });
    await expect(ask(`Bearer ${token}x`)).rejects.toMatchObject({ code: 'AUTH.UNAUTHENTICATED' });
  });

  it.each([
    ['nothing', undefined],
    ['two headers', ['Bearer good', 'Bearer good']],
    ['another scheme', 'Basic good'],
    ['a token with a space', 'Bearer good good'],
    ['a header of 3 KB', `Bearer good${'x'.repeat(3000)}`],
    ['a token that the strategy refuses', 'Bearer bad'],
  ])('refuses %s', async (_what, authorization) => {
    await expect(ask(authorization)).rejects.toMatchObject({ code: 'AUTH.UNAUTHENTICATED' });
  });
});
