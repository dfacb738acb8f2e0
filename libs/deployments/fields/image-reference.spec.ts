import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  isImageFault,
  MAX_IMAGE_LENGTH,
  normalizedImage,
  parseImageReference,
  readImageReference,
} from './image-reference.js';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('parseImageReference', () => {
  it.each([
    ['busybox', { registry: undefined, repository: 'busybox', tag: undefined, digest: undefined }],
    ['busybox:1.36', { registry: undefined, repository: 'busybox', tag: '1.36', digest: undefined }],
    ['library/busybox', { registry: undefined, repository: 'library/busybox', tag: undefined, digest: undefined }],
    [
      'nvcr.io/nvidia/pytorch:25.09-py3',
      { registry: 'nvcr.io', repository: 'nvidia/pytorch', tag: '25.09-py3', digest: undefined },
    ],
    ['localhost/app', { registry: 'localhost', repository: 'app', tag: undefined, digest: undefined }],
    [
      'localhost:5000/a/b__c/d-e.f:V1',
      { registry: 'localhost:5000', repository: 'a/b__c/d-e.f', tag: 'V1', digest: undefined },
    ],
    [
      '[2001:db8::1]:5000/app',
      { registry: '[2001:db8::1]:5000', repository: 'app', tag: undefined, digest: undefined },
    ],
    ['Registry/app', { registry: 'Registry', repository: 'app', tag: undefined, digest: undefined }],
    [`gcr.io/p/app@${SHA}`, { registry: 'gcr.io', repository: 'p/app', tag: undefined, digest: SHA }],
    [`app:tag@${SHA}`, { registry: undefined, repository: 'app', tag: 'tag', digest: SHA }],
    [
      `app@constructor:${'a'.repeat(32)}`,
      { registry: undefined, repository: 'app', tag: undefined, digest: `constructor:${'a'.repeat(32)}` },
    ],
    ['127.0.0.1:5000/app', { registry: '127.0.0.1:5000', repository: 'app', tag: undefined, digest: undefined }],
  ])('reads %s', (text, parts) => {
    expect(parseImageReference(text)).toEqual(parts);
  });

  it.each([
    '',
    ' ',
    'Busybox',
    'busybox:',
    'busybox:-x',
    `busybox:${'x'.repeat(129)}`,
    'busybox@',
    'busybox@sha256:abc',
    `busybox@sha256:${'A'.repeat(64)}`,
    `busybox@${SHA}@${SHA}`,
    '/busybox',
    'busybox/',
    'a//b',
    'a..b',
    'a._b',
    '-a',
    'a-',
    'a___b',
    'reg:port/app',
    'reg.io:99999/app',
    'reg.io:/app',
    'http://reg.io/app',
    'app name',
    'app\n',
    '\napp',
    'app;rm -rf',
    '$(id)',
    '../app',
    'a/../b',
    'ünicode',
    'app\u0000',
    'a'.repeat(256),
    'a'.repeat(238),
    `a/${'a'.repeat(244)}`,
    '0123456789abcdef'.repeat(4),
    `busybox@x:${'a'.repeat(490)}`,
    'x'.repeat(513),
    '[::1/app',
    '-reg.io/app',
    'reg..io/app',
  ])('refuses %j', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });

  it.each([
    ['library/Busybox', 9, 'must have no capital letter in the repository'],
    ['Busybox', 1, 'must have no capital letter in the repository'],
    ['https://reg.io/app', 1, 'must begin with the registry or the repository, without a scheme'],
    ['busybox ', 8, 'must have no blank'],
    [' busybox', 1, 'must have no blank'],
    ['b\u00fcsybox', 2, 'must have letters, digits and . _ - / : @ only'],
    ['a..b', 2, 'must separate letters and digits by one dot, one or two underscores, or dashes in the repository'],
    ['a/b-', 4, 'must separate letters and digits by one dot, one or two underscores, or dashes in the repository'],
    ['a//b', 3, 'must have a name before, between and after slashes'],
    ['busybox/', 9, 'must have a name before, between and after slashes'],
    ['busybox:', 9, 'must have a tag after the colon'],
    ['busybox:1+2', 10, 'must have a tag of letters, digits and . _ - that does not begin with . or -'],
    [`busybox:${'x'.repeat(129)}`, 137, 'must have a tag of at most 128 characters'],
    ['busybox@sha256:abc', 19, 'must have 64 digits after sha256:, not 3'],
    [`busybox@${SHA}0`, 80, 'must have 64 digits after sha256:, not 65'],
    [`busybox@sha256:${'A'.repeat(64)}`, 16, 'must have a digest of the digits 0-9 and a-f'],
    ['busybox@md5', 9, 'must have a digest of the form sha256: and 64 hexadecimal digits after the @'],
    [`busybox@${SHA}@${SHA}`, 80, 'must have one digest at most'],
    ['0123456789abcdef'.repeat(4), 1, 'must name a repository before a digest (repository@sha256:...)'],
    ['reg.io:port/app', 8, 'must have a port number after the registry'],
    ['reg.io:99999/app', 8, 'must have a port of at most 65535'],
    ['reg..io/app', 5, 'must have a registry whose parts between dots begin and end with a letter or digit'],
    ['x'.repeat(238), 238, 'must have at most 255 characters in registry and repository, and has 256 in normal form'],
  ])('explains where and why %s is refused', (text, at, message) => {
    expect(readImageReference(text)).toEqual({ message, at });
  });

  it('names a character of the refused text, or the place behind its end', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-B0-9._:@/ -]{0,40}$/), (text) => {
        const read = readImageReference(text);
        if (!isImageFault(read)) return;
        expect(read.at).toBeGreaterThanOrEqual(1);
        expect(read.at).toBeLessThanOrEqual(text.length + 1);
      }),
    );
  });

  it('returns every part of an accepted reference', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._:@/-]{1,40}$/), (text) => {
        const parsed = parseImageReference(text);
        if (parsed === undefined) return;
        const { registry, repository, tag, digest } = parsed;
        const written = `${registry === undefined ? '' : `${registry}/`}${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
        expect(written).toBe(text);
      }),
    );
  });

  it('refuses hostile texts in linear time', () => {
    for (const text of [
      `${'a'.repeat(50_000)}!`,
      `${'a-'.repeat(255)}!`,
      `${'a.'.repeat(250)}!`,
      `${'-'.repeat(500)}!`,
    ]) {
      expect(parseImageReference(text)).toBeUndefined();
    }
  });
});

describe('normalizedImage', () => {
  const normal = (text: string): string | undefined => {
    const reference = parseImageReference(text);
    return reference === undefined ? undefined : normalizedImage(reference);
  };

  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['library/busybox', 'docker.io/library/busybox:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['index.docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
    ['Registry.Example.com/a', 'registry.example.com/a:latest'],
    ['localhost:5000/a/b:V1', 'localhost:5000/a/b:V1'],
    ['SomeHost/x', 'SomeHost/x:latest'],
    ['SomeHost:443/x', 'somehost:443/x:latest'],
    ['LocalHost/x', 'localhost/x:latest'],
    [`busybox@${SHA}`, `docker.io/library/busybox@${SHA}`],
    [`busybox:1@${SHA}`, `docker.io/library/busybox:1@${SHA}`],
  ])('writes %s as %s', (text, expected) => {
    expect(normal(text)).toBe(expected);
  });

  it('accepts a reference only where its normal form is accepted', () => {
    const text = fc
      .tuple(
        fc.constantFrom('', 'a/', 'SomeHost/', 'reg.io/'),
        fc.nat(260).map((length) => 'x'.repeat(length + 1)),
        fc.constantFrom('', `:${'t'.repeat(128)}`, `@other:${'a'.repeat(200)}`),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const once = normal(given);
        if (once !== undefined) expect(normal(once)).toBe(once);
      }),
    );
  });

  it('returns an equivalent reference that is in normal form', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const text = fc
      .tuple(
        fc.constantFrom('', 'localhost/', 'Reg.io:443/', 'SomeHost/', 'docker.io/', 'INDEX.docker.io/'),
        fc.array(component, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', ':v1', `@${SHA}`, `:v1@${SHA}`),
      )
      .map(([registry, path, version]) => `${registry}${path.join('/')}${version}`);
    fc.assert(
      fc.property(text, (given) => {
        const once = normal(given);
        if (once === undefined) throw new Error(`${given} is refused`);
        expect(normal(once)).toBe(once);
        expect(once.length).toBeLessThanOrEqual(MAX_IMAGE_LENGTH);
      }),
    );
  });
});
