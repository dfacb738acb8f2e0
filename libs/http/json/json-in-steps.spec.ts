import { expect, it } from '@jest/globals';
import fc from 'fast-check';

import { atOnce } from '../bodies/turns.js';
import { jsonInSteps } from './json-in-steps.js';

it('writes an object in steps as JSON.stringify does', () => {
  const field = fc.oneof(
    fc.constant(undefined),
    fc.jsonValue(),
    fc.array(fc.oneof(fc.constant(undefined), fc.jsonValue())),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), field), (value) => {
      expect(atOnce(jsonInSteps(value))).toBe(JSON.stringify(value));
    }),
  );
});
