import { type Resource, RESOURCES, ResourceVector } from './resources.js';
import { type ClusterView } from './site.js';

/** Per resource a fraction from 0 to 1; null where there is no capacity. */
export type Shares = Readonly<Record<Resource, number | null>>;

/** Used amount by capacity, over time. */
class Ratio {
  private used = 0;
  private capacity = 0;

  add(used: number, capacity: number, elapsedMs: number): void {
    this.used += used * elapsedMs;
    this.capacity += capacity * elapsedMs;
  }

  get value(): number | null {
    return this.capacity === 0 ? null : this.used / this.capacity;
  }
}

/** The share of all capacity that is allocated. */
export function sharesOf(views: readonly Pick<ClusterView, 'capacity' | 'allocated'>[]): Shares {
  const { allocated, capacity } = totalOf(views);
  return allocated.shareOf(capacity);
}

/** Measures the utilization of the clusters over time. */
export class UtilizationMeter {
  private readonly ratios = { cpuMillis: new Ratio(), memoryMib: new Ratio(), gpuMillis: new Ratio() };
  private readonly peaks: Record<Resource, number | null> = { cpuMillis: null, memoryMib: null, gpuMillis: null };
  private lastMs: number | undefined;

  /**
   * Takes a sample that stands for the time since the one before.
   *
   * The mean counts clusters only while something waits for them: an empty queue is no fault of the scheduler.
   *
   * @param nowMs on a clock that only goes forward
   */
  sample(nowMs: number, views: readonly ClusterView[]): void {
    const elapsedMs = nowMs - (this.lastMs ?? nowMs);
    this.lastMs = nowMs;
    const shares = sharesOf(views);
    const waitedFor = totalOf(views.filter(({ queued }) => queued > 0));
    for (const resource of RESOURCES) {
      const share = shares[resource];
      if (share !== null) this.peaks[resource] = Math.max(share, this.peaks[resource] ?? 0);
      this.ratios[resource].add(waitedFor.allocated[resource], waitedFor.capacity[resource], elapsedMs);
    }
  }

  /** The highest share of all clusters together. */
  get peak(): Shares {
    return { ...this.peaks };
  }

  /** What was used, on average, of the clusters for which something waited; null where nothing ever did. */
  get mean(): Shares {
    const { cpuMillis, memoryMib, gpuMillis } = this.ratios;
    return { cpuMillis: cpuMillis.value, memoryMib: memoryMib.value, gpuMillis: gpuMillis.value };
  }
}

function totalOf(views: readonly Pick<ClusterView, 'capacity' | 'allocated'>[]): {
  allocated: ResourceVector;
  capacity: ResourceVector;
} {
  return {
    allocated: ResourceVector.sum(views.map((view) => view.allocated)),
    capacity: ResourceVector.sum(views.map((view) => view.capacity)),
  };
}
