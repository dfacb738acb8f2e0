import { expect, it } from '@jest/globals';
import fc from 'fast-check';

import { listOf, partsOf } from './json-parts.js';

it('restores a list from its parts', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 200 }), (list) => {
      const plain = JSON.parse(JSON.stringify(list)) as unknown[];
      expect(listOf(partsOf(list))).toEqual(plain);
      expect(partsOf(list)).toHaveLength(Math.ceil(list.length / 50));
    }),
  );
});
