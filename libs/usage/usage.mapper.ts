import { type ResourceVector } from '#kernel';
import { toResources } from '#clusters';
import { present, type Presentable } from '#http';

import { UsageDto, type UsageHoursDto, type UsagePointDto } from './usage.dto.js';
import { type UsageAmounts, type UsagePoint, type UsageSum, type UsageView } from './usage.service.js';

/** What of usage leaves the service. */
export function toUsageDto({ capacity, points, total, preempted, ...view }: UsageView): UsageDto {
  return present(UsageDto, {
    ...view,
    points: points.map((point) => toPoint(point, capacity)),
    total: toHours(total),
    members: view.members.map((member) => ({ ...toHours(member), memberId: member.id })),
    labels: view.labels.map((label) => ({ ...label, ...toHours(label) })),
    deployments: view.deployments.map(ofDeployment),
    preempted: { ...preempted, ...toHours(preempted), attempts: preempted.attempts.map(ofDeployment) },
  });
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
    ...point,
    allocated: { cpu, memoryMib, gpu },
    utilization: { cpu: by(cpu, has.cpu), memory: by(memoryMib, has.memoryMib), gpu: by(gpu, has.gpu) },
  };
}

function toHours(amounts: UsageAmounts): Presentable<UsageHoursDto> {
  const { cpu, memoryMib, gpu } = toAmounts(amounts);
  return { cpuHours: cpu, memoryMibHours: memoryMib, gpuHours: gpu };
}

function ofDeployment<T extends UsageSum>(sum: T): T & Presentable<UsageHoursDto> & { readonly deploymentId: string } {
  return { ...sum, ...toHours(sum), deploymentId: sum.id };
}
