import { describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { checkName, generatedName } from './deployment-name.js';

describe('generated names', () => {
  it('contains the image and the random part of the id', () => {
    expect(generatedName('nvcr.io/nvidia/pytorch:25.09-py3', '019a5f00-c0de-7000-8000-000000000000')).toBe(
      'pytorch~000000000000',
    );
    expect(generatedName('app', '019a5f00-c0de-7000-bfff-ffffffffffff')).toBe('app~z1ci99jj7473');
    expect(generatedName(`${'a'.repeat(200)}:1`, newId())).toHaveLength(48 + 1 + 12);
  });

  it('generates another name for every deployment', () => {
    const names = Array.from({ length: 10_000 }, () => generatedName('app', newId()));
    expect(new Set(names).size).toBe(names.length);
  });

  it('refuses a given name in the form of a generated one', () => {
    for (let i = 0; i < 100; i++) expect(checkName(generatedName('app', newId()))?.code).toBe('generated-name');
    for (const name of ['train', 'train~1', 'a~0123456789abc', 'a~0123456789AB', 'a~0123456789ab ', '~']) {
      expect(checkName(name)).toBeUndefined();
    }
  });
});
