import { describe, expect, it } from '@jest/globals';

import { StringField } from '../fields/text.js';
import { PageOf } from '../paging/page.js';
import { resultOf } from './result.js';

class ThingDto {
  @StringField({ description: 'A name.', max: 10, example: 'a' }) readonly name!: string;
}

describe('what the success of a route means', () => {
  it('derives a sentence for pages and new resources', () => {
    expect(resultOf({ id: 'listServiceAccounts', answer: PageOf(ThingDto) })).toBe(
      'A page of service accounts; `nextCursor` leads to the next.',
    );
    expect(resultOf({ id: 'createCluster', answer: ThingDto })).toBe('The new cluster.');
  });

  it('prefers the words of the route', () => {
    expect(resultOf({ id: 'createInvite', answer: ThingDto, result: 'The invite.' })).toBe('The invite.');
  });

  it('leaves a route without words of which none can be derived to the test of the document', () => {
    expect(resultOf({ id: 'deleteCluster' })).toBe('Success.');
  });
});
