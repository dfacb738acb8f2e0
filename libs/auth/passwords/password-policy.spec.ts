import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isCommonPassword } from './common-passwords.js';
import { brokenPasswordRule, normalizePassword } from './password-policy.js';

const owner = { username: 'ada.lovelace', email: 'countess@example.com' };
const ruleOf = (password: string, minLength = 8): string | undefined =>
  brokenPasswordRule(password, owner, minLength)?.rule;

describe('the password policy', () => {
  it.each([
    'password',
    'PASSWORD',
    'Password1',
    '12345678',
    '123456789',
    'qwertyuiop',
    'iloveyou',
    'football',
    'baseball',
    'sunshine',
    'princess',
    'superman',
    'trustno1',
    'letmein1',
    'welcome1',
    'computer',
    'michelle',
    'passwordpassword',
    'abcabcabcabc',
    'aaaaaaaaaaaa',
    'ababababab',
    'ｐａｓｓｗｏｒｄ',
    // With Cyrillic letters, and with Greek ones.
    'pаssword',
    'РАSSWОRD',
    'iloνeyου',
  ])('refuses the common password %s', (password) => {
    expect(ruleOf(password)).toBe('too-common');
  });

  it.each([
    'xx ada.lovelace xx',
    'ADA.LOVELACE-1815',
    'countess of somewhere',
    'my stowage pass',
    'Stowage-2026',
    'my stоwаge pass',
  ])('refuses %s, which contains the name of the owner or of the product', (password) => {
    expect(ruleOf(password)).toBe('contains-name');
  });

  it('counts characters, not bytes and not UTF-16 units', () => {
    expect(ruleOf('👩🏽‍🚀🐘🦉🌵🧭🪁🎻🍊')).toBeUndefined();
    expect(ruleOf('🐘🦉🌵🧭🪁🎻🍊')).toBe('too-short');
    expect(ruleOf('🐘🦉'.repeat(20) + 'x'.repeat(88))).toBeUndefined();
    expect(ruleOf('🐘🦉'.repeat(20) + 'x'.repeat(89))).toBe('too-long');
  });

  it('takes the minimum length from the settings', () => {
    expect(ruleOf('plum wagon 42', 15)).toBe('too-short');
    expect(ruleOf('plum wagon 4242', 15)).toBeUndefined();
  });

  it('refuses what is not text', () => {
    expect(ruleOf('half a pair \ud800 here')).toBe('not-text');
    expect(ruleOf('nul \0 inside here')).toBe('not-text');
  });

  it('accepts any other text of 8 to 128 characters, spaces and controls included', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 });
    fc.assert(
      fc.property(text, (password) => {
        const length = [...password].length;
        fc.pre(
          length >= 8 && length <= 128 && !password.includes('\0') && !isCommonPassword(normalizePassword(password)),
        );
        fc.pre(ruleOf(password) !== 'contains-name');
        expect(ruleOf(password)).toBeUndefined();
      }),
    );
  });

  it('accepts a password in another script', () => {
    for (const password of ['лошадь батарея скрепка', 'αλεπού πάνω στο τείχος', '正しい馬の電池ホチキス']) {
      expect(ruleOf(password)).toBeUndefined();
    }
  });

  it('takes every way to type the same characters for the same password', () => {
    expect(normalizePassword('caf\u00e9 na\u00efve')).toBe(normalizePassword('cafe\u0301 nai\u0308ve'));
    expect(normalizePassword(' leading space')).toBe(' leading space');
  });
});
