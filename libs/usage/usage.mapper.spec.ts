import { describe, expect, it } from '@jest/globals';

import { ResourceVector } from '#kernel';

import { toUsageDto } from './usage.mapper.js';

describe('usage as it is answered', () => {
  it('has no digits that come from dividing in binary', () => {
    const amounts = { cpuMillis: 57.286956, memoryMib: 29.330921, gpuMillis: 58.169653 };
    const hours = { cpuHours: 0.057286956, memoryMibHours: 29.330921, gpuHours: 0.058169653 };
    const from = '2026-01-01T00:00:00.000000Z';
    const to = '2026-01-01T01:00:00.000000Z';
    const dto = toUsageDto({
      from,
      to,
      stepSeconds: 3600,
      capacity: ResourceVector.of({ cpuMillis: 10_000, memoryMib: 32_768, gpuMillis: 4_000 }),
      points: [{ from, to, ...amounts }],
      total: amounts,
      members: [{ id: 'm', ...amounts }],
      labels: [{ key: 'team', value: 'vision', ...amounts }],
      deployments: [{ id: 'd', name: 'train', ...amounts }],
      preempted: {
        ...amounts,
        count: 1,
        lostSeconds: 60,
        attempts: [
          {
            id: 'd',
            name: 'train',
            attempt: 1,
            at: to,
            preemptorId: 'p',
            preemptorPriority: 90,
            lostSeconds: 60,
            ...amounts,
          },
        ],
      },
    });
    expect(dto.total).toEqual(hours);
    expect(dto.members).toEqual([{ memberId: 'm', ...hours }]);
    expect(dto.labels).toEqual([{ key: 'team', value: 'vision', ...hours }]);
    expect(dto.deployments).toEqual([{ deploymentId: 'd', name: 'train', ...hours }]);
    expect(dto.preempted).toEqual({
      count: 1,
      lostSeconds: 60,
      ...hours,
      attempts: [
        {
          deploymentId: 'd',
          name: 'train',
          attempt: 1,
          at: to,
          preemptorId: 'p',
          preemptorPriority: 90,
          lostSeconds: 60,
          ...hours,
        },
      ],
    });
    expect(dto.points).toEqual([
      {
        from,
        to,
        allocated: { cpu: 0.057286956, memoryMib: 29.330921, gpu: 0.058169653 },
        utilization: { cpu: 0.005728696, memory: 0.000895109, gpu: 0.014542413 },
      },
    ]);
  });
});
