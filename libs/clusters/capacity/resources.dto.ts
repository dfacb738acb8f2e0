import { MAX_CAPACITY, MAX_REQUEST, type ResourceAmounts, ResourceVector } from '#kernel';
import { DecimalField, IntegerField, ObjectRule } from '#http';

/** Stored units per unit of the API: millicores per core, thousandths per device. */
const MILLIS = 1_000;

/** An amount that may have a part of a unit. */
const amount = (max: number) => ({ min: 0, max: max / MILLIS, maxDecimals: 3 }) as const;

const CPU = { description: 'CPU, in cores.', ...amount(MAX_CAPACITY), example: 128 } as const;
const MEMORY = { description: 'Memory, in MiB.', min: 0, max: MAX_CAPACITY, example: 1_048_576 } as const;
const GPU = { description: 'GPU, in devices.', ...amount(MAX_CAPACITY), example: 16 } as const;
const GPU_OF_ONE = {
  description: 'GPU, in devices; a fraction is a share of one.',
  ...amount(MAX_REQUEST),
  example: 0.5,
} as const;
const SHARE = { min: 0, max: 1, maxDecimals: 6, nullable: true } as const;

/** CPU and memory of one deployment. */
class HostOfDeploymentDto {
  @DecimalField({ description: 'CPU, in cores.', ...amount(MAX_REQUEST), example: 2.5 })
  readonly cpu!: number;

  @IntegerField({ description: 'Memory, in MiB.', min: 0, max: MAX_REQUEST, example: 16_384 })
  readonly memoryMib!: number;
}

/** What a deployment is to have. */
export class ResourcesDto extends HostOfDeploymentDto {
  @DecimalField({ ...GPU_OF_ONE, default: 0 })
  readonly gpu!: number;
}

/** What a deployment asks for, or was given: every resource, as answers have it. */
export class DeploymentResourcesDto extends HostOfDeploymentDto {
  @DecimalField(GPU_OF_ONE)
  readonly gpu!: number;
}

/** CPU and memory of a cluster. */
class HostOfClusterDto {
  @DecimalField(CPU)
  readonly cpu!: number;

  @IntegerField(MEMORY)
  readonly memoryMib!: number;
}

/** What a cluster is to have from its start. */
export class CapacityDto extends HostOfClusterDto {
  @DecimalField({ ...GPU, default: 0 })
  readonly gpu!: number;
}

/** What a cluster has, or what of it is given out or left: every resource, as answers have it. */
export class ClusterResourcesDto extends HostOfClusterDto {
  @DecimalField(GPU)
  readonly gpu!: number;
}

/** What a cluster is to have; what is left out stays. */
@ObjectRule<CapacityChangeDto>((change) =>
  Object.keys(change).length === 0 ? { code: 'empty', message: 'must name at least one resource' } : undefined,
)
export class CapacityChangeDto {
  @DecimalField({ ...CPU, optional: true })
  readonly cpu?: number;

  @IntegerField({ ...MEMORY, optional: true })
  readonly memoryMib?: number;

  @DecimalField({ ...GPU, optional: true })
  readonly gpu?: number;
}

/** Per resource a fraction from 0 to 1. */
export class UtilizationDto {
  @DecimalField({ description: 'Allocated CPU by capacity; null where the cluster has none.', ...SHARE, example: 0.75 })
  readonly cpu!: number | null;

  @DecimalField({
    description: 'Allocated memory by capacity; null where the cluster has none.',
    ...SHARE,
    example: 0.5,
  })
  readonly memory!: number | null;

  @DecimalField({ description: 'Allocated GPU by capacity; null where the cluster has none.', ...SHARE, example: 1 })
  readonly gpu!: number | null;
}

/** Amounts of the API as stored units. Exact: the API takes at most three decimals. */
export function toVector({ cpu, memoryMib, gpu }: ResourcesDto): ResourceVector {
  return ResourceVector.of({ cpuMillis: Math.round(cpu * MILLIS), memoryMib, gpuMillis: Math.round(gpu * MILLIS) });
}

/** A change of the API in stored units. Exact: the API takes at most three decimals. */
export function toAmounts({ cpu, memoryMib, gpu }: CapacityChangeDto): Partial<ResourceAmounts> {
  return {
    ...(cpu === undefined ? {} : { cpuMillis: Math.round(cpu * MILLIS) }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(gpu === undefined ? {} : { gpuMillis: Math.round(gpu * MILLIS) }),
  };
}

/** Stored units as amounts of the API. */
export function toResources({ cpuMillis, memoryMib, gpuMillis }: ResourceAmounts): DeploymentResourcesDto {
  return { cpu: cpuMillis / MILLIS, memoryMib, gpu: gpuMillis / MILLIS };
}

/** What of a capacity is used, rounded down to six decimals, so that 1 means full. */
export function toUtilization(used: ResourceVector, capacity: ResourceVector): UtilizationDto {
  const { cpuMillis, memoryMib, gpuMillis } = used.shareOf(capacity);
  const round = (share: number | null): number | null => (share === null ? null : Math.floor(share * 1e6) / 1e6);
  return { cpu: round(cpuMillis), memory: round(memoryMib), gpu: round(gpuMillis) };
}
