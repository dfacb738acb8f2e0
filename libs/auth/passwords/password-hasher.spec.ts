import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { OWN_APPLICANT, PasswordHasher } from './password-hasher.js';

const settings = { argon2MemoryKib: 19_456, argon2Passes: 2, argon2Concurrency: 1 };
const hasher = new PasswordHasher(settings);

describe('the password hasher', () => {
  it('hashes by argon2id with the parameters of the settings, with a new salt each time', async () => {
    const hash = await hasher.hash('plum wagon orbit', OWN_APPLICANT);
    expect(hash.startsWith('$argon2id$v=19$m=19456,t=2,p=1$')).toBe(true);
    expect(await hasher.hash('plum wagon orbit', OWN_APPLICANT)).not.toBe(hash);
  });

  it('matches the password of a hash, and no password that differs by one character', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 8, maxLength: 60 })
      .filter((password) => password.isWellFormed());
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), async (password, at) => {
        const hash = await hasher.hash(password, OWN_APPLICANT);
        const characters = [...password];
        const place = at % characters.length;
        const other = characters.with(place, characters[place] === 'x' ? 'y' : 'x').join('');
        await expect(hasher.check(password, hash, OWN_APPLICANT)).resolves.toMatchObject({ matches: true });
        await expect(hasher.check(other, hash, OWN_APPLICANT)).resolves.toMatchObject({ matches: false });
      }),
      { numRuns: 25 },
    );
  });

  it('cuts nothing off a long password', async () => {
    const hash = await hasher.hash('x'.repeat(127) + 'y', OWN_APPLICANT);
    await expect(hasher.check('x'.repeat(127) + 'z', hash, OWN_APPLICANT)).resolves.toMatchObject({ matches: false });
  });

  it('takes the composed and the decomposed form for the same password', async () => {
    const hash = await hasher.hash('caf\u00e9 orbit wagon', OWN_APPLICANT);
    await expect(hasher.check('cafe\u0301 orbit wagon', hash, OWN_APPLICANT)).resolves.toMatchObject({ matches: true });
  });

  it('works as long for an account that does not exist, and never matches', async () => {
    await expect(hasher.check('plum wagon orbit', undefined, OWN_APPLICANT)).resolves.toEqual({
      matches: false,
      isWeak: false,
    });
  });

  it('detects a hash that is weaker than the settings require', async () => {
    const stronger = new PasswordHasher({ ...settings, argon2MemoryKib: 32_768 });
    const hash = await hasher.hash('plum wagon orbit', OWN_APPLICANT);
    await expect(stronger.check('plum wagon orbit', hash, OWN_APPLICANT)).resolves.toEqual({
      matches: true,
      isWeak: true,
    });
    await expect(hasher.check('plum wagon orbit', hash, OWN_APPLICANT)).resolves.toEqual({
      matches: true,
      isWeak: false,
    });
  });
});
