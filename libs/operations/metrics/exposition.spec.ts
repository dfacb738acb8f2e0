import { describe, expect, it } from '@jest/globals';

import { Exposition } from './exposition.js';

describe('the text format', () => {
  it('holds gauges, counters and histograms, with labels escaped', () => {
    const exposition = new Exposition();
    exposition.gauge('a', 'What a is.', [{ labels: { x: 'say "\\" \n' }, value: 1.5 }]);
    exposition.counter('b_total', 'What b is.', [{ labels: {}, value: 2 }]);
    exposition.histogram('c', 'What c is.', [0.1, 1], [{ labels: { y: 'z' }, counts: [1, 2, 3], sum: 9 }]);
    expect(exposition.toString().split('\n')).toEqual([
      '# HELP a What a is.',
      '# TYPE a gauge',
      'a{x="say \\"\\\\\\" \\n"} 1.5',
      '# HELP b_total What b is.',
      '# TYPE b_total counter',
      'b_total 2',
      '# HELP c What c is.',
      '# TYPE c histogram',
      'c_bucket{y="z",le="0.1"} 1',
      'c_bucket{y="z",le="1"} 3',
      'c_bucket{y="z",le="+Inf"} 6',
      'c_sum{y="z"} 9',
      'c_count{y="z"} 6',
      '',
    ]);
  });
});
