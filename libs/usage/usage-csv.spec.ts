import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { toUsageCsv } from './usage-csv.js';
import { type UsageDto } from './usage.dto.js';

const usageOf = (name: string): UsageDto => ({
  from: '2026-01-01T00:00:00.000000Z',
  to: '2026-01-01T01:00:00.000000Z',
  stepSeconds: 3600,
  points: [
    {
      from: '2026-01-01T00:00:00.000000Z',
      to: '2026-01-01T01:00:00.000000Z',
      allocated: { cpu: 1.5, memoryMib: 10, gpu: 0 },
      utilization: { cpu: 0.5, memory: 0.25, gpu: null },
    },
  ],
  total: { cpuHours: 1.5, memoryMibHours: 10, gpuHours: 0 },
  members: [{ memberId: 'm', cpuHours: 1.5, memoryMibHours: 10, gpuHours: 0 }],
  labels: [{ key: 'team', value: '-x', cpuHours: 1.5, memoryMibHours: 10, gpuHours: 0 }],
  deployments: [{ deploymentId: 'd', name, cpuHours: 1.5, memoryMibHours: 10, gpuHours: 0 }],
  preempted: { count: 0, lostSeconds: 0, cpuHours: 0, memoryMibHours: 0, gpuHours: 0, attempts: [] },
});

/** The second cell of the second record, read by the rules of RFC 4180. */
function nameIn(csv: string): string {
  const cell = /^d,(?:"((?:[^"]|"")*)"|([^",\r\n]*)),1\.5,10,0\r\n$/.exec(csv.slice(csv.indexOf('\r\n') + 2));
  if (cell === null) throw new Error(`not the record that was expected: ${csv}`);
  return cell[1]?.replaceAll('""', '"') ?? cell[2] ?? '';
}

describe('usage as CSV', () => {
  it('has a line of headings and one line per step, with an empty cell where there is no capacity', () => {
    expect(toUsageCsv(usageOf('a'), 'points')).toBe(
      'from,to,cpu,memoryMib,gpu,cpuUtilization,memoryUtilization,gpuUtilization\r\n' +
        '2026-01-01T00:00:00.000000Z,2026-01-01T01:00:00.000000Z,1.5,10,0,0.5,0.25,\r\n',
    );
  });

  it('lists members by their ids', () => {
    expect(toUsageCsv(usageOf('a'), 'members')).toBe('memberId,cpuHours,memoryMibHours,gpuHours\r\nm,1.5,10,0\r\n');
  });

  it('lists labels by key and value', () => {
    expect(toUsageCsv(usageOf('a'), 'labels')).toBe(
      "key,value,cpuHours,memoryMibHours,gpuHours\r\nteam,'-x,1.5,10,0\r\n",
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=x', '＝1'])('marks %j as text', (name) => {
    expect(nameIn(toUsageCsv(usageOf(name), 'deployments'))).toBe(`'${name}`);
  });

  it('keeps every other name unchanged, whatever the name consists of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        fc.pre(!/^[=+\-@\t\r\n＝＋－＠]/.test(name));
        expect(nameIn(toUsageCsv(usageOf(name), 'deployments'))).toBe(name);
      }),
    );
  });

  it('begins no cell with a character of spreadsheet formulas', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ',', 'a') }), (name) => {
        expect(nameIn(toUsageCsv(usageOf(name), 'deployments'))).not.toMatch(/^[=+\-@\t\r\n]/);
      }),
    );
  });
});
