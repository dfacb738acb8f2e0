/** The three resources, in the order in which they are always listed. */
export const RESOURCES = ['cpuMillis', 'memoryMib', 'gpuMillis'] as const;

/** One of the three resources. The name carries the unit: millicores, MiB, thousandths of a device. */
export type Resource = (typeof RESOURCES)[number];

/** Amounts per resource as plain data: what is stored, sent to a thread, or written to JSON. */
export type ResourceAmounts = Readonly<Record<Resource, number>>;

/** The most that one deployment may request of a resource, in stored units. */
export const MAX_REQUEST = 1_000_000_000;

/** The most capacity that one cluster may have of a resource, in stored units. */
export const MAX_CAPACITY = 1_000_000_000_000;

/**
 * An amount of each resource, in stored units: whole numbers, never negative, never beyond what a double holds exactly.
 *
 * The only place where resources are added and compared. Immutable; every operation asserts that its result is representable.
 */
export class ResourceVector implements ResourceAmounts {
  static readonly ZERO = new ResourceVector(0, 0, 0);

  private constructor(
    readonly cpuMillis: number,
    readonly memoryMib: number,
    readonly gpuMillis: number,
  ) {
    for (const resource of RESOURCES) {
      const amount = this[resource];
      if (!Number.isSafeInteger(amount) || amount < 0) {
        throw new RangeError(`${resource} must be a whole number from 0 to 2^53-1, not ${amount}`);
      }
    }
  }

  /** @throws RangeError when an amount is negative, fractional or not exactly representable */
  static of(amounts: ResourceAmounts): ResourceVector {
    return new ResourceVector(amounts.cpuMillis, amounts.memoryMib, amounts.gpuMillis);
  }

  /** Computes each amount by a function of the resource. */
  static from(amount: (resource: Resource) => number): ResourceVector {
    return new ResourceVector(amount('cpuMillis'), amount('memoryMib'), amount('gpuMillis'));
  }

  /** The sum of any number of vectors, added in bigint so that no order of addition can lose a unit. */
  static sum(vectors: Iterable<ResourceAmounts>): ResourceVector {
    let cpuMillis = 0n;
    let memoryMib = 0n;
    let gpuMillis = 0n;
    for (const vector of vectors) {
      cpuMillis += BigInt(vector.cpuMillis);
      memoryMib += BigInt(vector.memoryMib);
      gpuMillis += BigInt(vector.gpuMillis);
    }
    return new ResourceVector(Number(cpuMillis), Number(memoryMib), Number(gpuMillis));
  }

  plus(other: ResourceAmounts): ResourceVector {
    return ResourceVector.from((resource) => this[resource] + other[resource]);
  }

  /** @throws RangeError when `other` exceeds this in any resource: amounts are never clamped at zero */
  minus(other: ResourceAmounts): ResourceVector {
    return ResourceVector.from((resource) => this[resource] - other[resource]);
  }

  /** @param count a whole number >= 0 */
  times(count: number): ResourceVector {
    return ResourceVector.from((resource) => this[resource] * count);
  }

  /** True when every resource is at most that of `space`. */
  fitsIn(space: ResourceAmounts): boolean {
    return RESOURCES.every((resource) => this[resource] <= space[resource]);
  }

  /** How many of this fit into `space` together; `Infinity` of nothing. */
  timesIn(space: ResourceAmounts): number {
    const most = (resource: Resource): number => Math.floor(Math.max(0, space[resource]) / this[resource]);
    return Math.min(...RESOURCES.map((resource) => (this[resource] === 0 ? Infinity : most(resource))));
  }

  /** The shortfall of `space` for this to fit: max(0, needed - available) for each resource. */
  shortfallIn(space: ResourceAmounts): ResourceVector {
    return ResourceVector.from((resource) => Math.max(0, this[resource] - space[resource]));
  }

  isZero(): boolean {
    return RESOURCES.every((resource) => this[resource] === 0);
  }

  equals(other: ResourceAmounts): boolean {
    return RESOURCES.every((resource) => this[resource] === other[resource]);
  }

  /** The fraction of `capacity` for each resource, 0..1 when this fits; `null` where the capacity is 0. */
  shareOf(capacity: ResourceAmounts): Readonly<Record<Resource, number | null>> {
    const share = (resource: Resource): number | null =>
      capacity[resource] === 0 ? null : this[resource] / capacity[resource];
    return { cpuMillis: share('cpuMillis'), memoryMib: share('memoryMib'), gpuMillis: share('gpuMillis') };
  }

  /** Plain data, for threads, SQL parameters and JSON. */
  toAmounts(): ResourceAmounts {
    return { cpuMillis: this.cpuMillis, memoryMib: this.memoryMib, gpuMillis: this.gpuMillis };
  }
}
