import { type ResourceVector } from '#kernel';
import { toResources } from '#clusters';

import { type UsageDto, type UsageHoursDto, type UsagePointDto } from './usage.dto.js';
import { type UsageAmounts, type UsagePoint, type UsageView } from './usage.service.js';

/** What of usage leaves the service. */
export function toUsageDto({ from, to, stepSeconds, capacity, points, ...sums }: UsageView): UsageDto {
  return {
    from,
    to,
    stepSeconds,
    points: points.map((point) => toPoint(point, capacity)),
    total: toHours(sums.total),
    members: sums.members.map((member) => ({ memberId: member.id, ...toHours(member) })),
    labels: sums.labels.map((label) => ({ key: label.key, value: label.value, ...toHours(label) })),
    deployments: sums.deployments.map((deployment) => ({
      deploymentId: deployment.id,
      name: deployment.name,
      ...toHours(deployment),
    })),
    preempted: {
      count: sums.preempted.count,
      lostSeconds: sums.preempted.lostSeconds,
      ...toHours(sums.preempted),
      attempts: sums.preempted.attempts.map((lost) => ({
        deploymentId: lost.id,
        name: lost.name,
        attempt: lost.attempt,
        at: lost.at,
        preemptorId: lost.preemptorId,
        preemptorPriority: lost.preemptorPriority,
        lostSeconds: lost.lostSeconds,
        ...toHours(lost),
      })),
    },
  };
}

/** To nine decimals: a thousandth is summed to the millionth, and what is beyond has come from dividing in binary. */
const rounded = (amount: number): number => Number(amount.toFixed(9));

function toAmounts(amounts: UsageAmounts): UsagePointDto['allocated'] {
  const { cpu, memoryMib, gpu } = toResources(amounts);
  return { cpu: rounded(cpu), memoryMib, gpu: rounded(gpu) };
}

function toPoint(point: UsagePoint, capacity: ResourceVector): UsagePointDto {
  const { cpu, memoryMib, gpu } = toAmounts(point);
  const has = toResources(capacity);
  const by = (used: number, whole: number): number | null => (whole === 0 ? null : rounded(used / whole));
  return {
    from: point.from,
    to: point.to,
    allocated: { cpu, memoryMib, gpu },
    utilization: { cpu: by(cpu, has.cpu), memory: by(memoryMib, has.memoryMib), gpu: by(gpu, has.gpu) },
  };
}

function toHours(amounts: UsageAmounts): Pick<UsageHoursDto, keyof UsageHoursDto> {
  const { cpu, memoryMib, gpu } = toAmounts(amounts);
  return { cpuHours: cpu, memoryMibHours: memoryMib, gpuHours: gpu };
}
