import { type Capacity } from '@stowage/sdk';

export const RESOURCES = ['cpuMillis', 'memoryMib', 'gpuMillis'] as const;

export type Resource = (typeof RESOURCES)[number];

export type Amounts = Readonly<Record<Resource, number>>;

/** An amount of each resource, in whole units: the decimals of the API do not add up exactly. */
export class ResourceVector implements Amounts {
  static readonly ZERO = new ResourceVector(0, 0, 0);

  private constructor(
    readonly cpuMillis: number,
    readonly memoryMib: number,
    readonly gpuMillis: number,
  ) {}

  static of({ cpuMillis, memoryMib, gpuMillis }: Amounts): ResourceVector {
    return new ResourceVector(cpuMillis, memoryMib, gpuMillis);
  }

  static from(amount: (resource: Resource) => number): ResourceVector {
    return new ResourceVector(amount('cpuMillis'), amount('memoryMib'), amount('gpuMillis'));
  }

  static sum(vectors: readonly Amounts[]): ResourceVector {
    return ResourceVector.from((resource) => vectors.reduce((total, vector) => total + vector[resource], 0));
  }

  static fromApi({ cpu, memoryMib, gpu = 0 }: Capacity): ResourceVector {
    return new ResourceVector(Math.round(cpu * 1000), memoryMib, Math.round(gpu * 1000));
  }

  toApi(): Required<Capacity> {
    return { cpu: this.cpuMillis / 1000, memoryMib: this.memoryMib, gpu: this.gpuMillis / 1000 };
  }

  plus(other: Amounts): ResourceVector {
    return ResourceVector.from((resource) => this[resource] + other[resource]);
  }

  minus(other: Amounts): ResourceVector {
    return ResourceVector.from((resource) => this[resource] - other[resource]);
  }

  equals(other: Amounts): boolean {
    return RESOURCES.every((resource) => this[resource] === other[resource]);
  }

  fitsIn(space: Amounts): boolean {
    return RESOURCES.every((resource) => this[resource] <= space[resource]);
  }

  /** Fractions of a capacity; null where there is none. */
  shareOf(capacity: Amounts): Readonly<Record<Resource, number | null>> {
    const share = (resource: Resource): number | null =>
      capacity[resource] === 0 ? null : this[resource] / capacity[resource];
    return { cpuMillis: share('cpuMillis'), memoryMib: share('memoryMib'), gpuMillis: share('gpuMillis') };
  }

  get isZero(): boolean {
    return this.equals(ResourceVector.ZERO);
  }
}
