import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MAX_IMAGE_LENGTH, normalizedImage, parseImageReference } from './image-reference.js';

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
    'x'.repeat(513),
    '[::1/app',
    '-reg.io/app',
    'reg..io/app',
  ])('refuses %j', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
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
    [`busybox@${SHA}`, `docker.io/library/busybox@${SHA}`],
    [`busybox:1@${SHA}`, `docker.io/library/busybox:1@${SHA}`],
  ])('writes %s as %s', (text, expected) => {
    expect(normal(text)).toBe(expected);
  });

  it('returns an equivalent reference that is in normal form', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const text = fc
      .tuple(
        fc.constantFrom('', 'localhost/', 'Reg.io:443/', 'docker.io/', 'INDEX.docker.io/'),
        fc.array(component, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', ':v1', `@${SHA}`, `:v1@${SHA}`),
      )
      .map(([registry, path, version]) => `${registry}${path.join('/')}${version}`);
    fc.assert(
      fc.property(text, (given) => {
        const once = normal(given) ?? '';
        expect(normal(once)).toBe(once);
        expect(once.length).toBeLessThanOrEqual(MAX_IMAGE_LENGTH);
      }),
    );
  });
});
