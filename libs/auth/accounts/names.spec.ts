import { describe, expect, it } from '@jest/globals';

import { canonicalEmail, emailKey, loginKeyOf, USERNAME_PATTERN } from './names.js';

describe('usernames', () => {
  it.each(['ada', 'Ada.Lovelace', 'a-b_c.9', 'x'.repeat(32)])('accepts the username %s', (name) => {
    expect(USERNAME_PATTERN.test(name)).toBe(true);
  });

  it.each([
    'ab',
    'x'.repeat(33),
    'аda',
    'adа',
    'ａda',
    'a da',
    'a@b',
    "a'; drop table users;--",
    'a\nb',
    'ada\0',
    'ada\u200b',
  ])('refuses the username %j, which may look like another or mean something elsewhere', (name) => {
    expect(USERNAME_PATTERN.test(name)).toBe(false);
  });
});

describe('e-mail addresses', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada+x@EXAMPLE.com', 'Ada+x@example.com'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ])('normalizes %s to %s', (typed, kept) => {
    expect(canonicalEmail(typed)).toBe(kept);
  });

  it.each([
    'a@b.c\r\nBcc: x',
    'a@b',
    '@example.com',
    'a@',
    'a b@example.com',
    'a@exam ple.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(250)}.com`,
    'a..b@example.com',
    '.a@example.com',
    'a@-x.com',
    'a@127.0.0.1',
    'а@example.com',
    'a@@example.com',
  ])('refuses %j', (typed) => {
    expect(canonicalEmail(typed)).toBeUndefined();
  });

  it('ignores case in the key of an e-mail address', () => {
    expect(emailKey('Ada@example.com')).toBe(emailKey('aDA@example.com'));
    expect(loginKeyOf('ADA@EXAMPLE.com')).toEqual({ email: 'ada@example.com' });
    expect(loginKeyOf('Ada')).toEqual({ username: 'ada' });
  });

  it('checks a long e-mail address in linear time', () => {
    const began = process.cpuUsage();
    for (const text of [
      'a'.repeat(50_000),
      `${'a.'.repeat(25_000)}@x`,
      `a@${'a-'.repeat(25_000)}`,
      `${'!'.repeat(64)}@${'a.'.repeat(90)}`,
    ]) {
      canonicalEmail(text);
      USERNAME_PATTERN.test(text);
    }
    // One that is only quadratic takes more than a second for any of them.
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(500);
  });
});
