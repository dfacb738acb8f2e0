/** One figure of a family, with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counts by bucket; the last bucket has no upper bound. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: readonly number[];
  readonly sum: number;
}

/**
 * Writes figures in Prometheus' text format (0.0.4).
 *
 * prom-client keeps the counts of a process. The counters and histograms in PostgreSQL are read, not observed: prom-client has no place for
 * them.
 */
export class Exposition {
  private readonly lines: string[] = [];

  gauge(name: string, help: string, samples: readonly Sample[] | number): void {
    this.family(name, help, 'gauge', samples);
  }

  counter(name: string, help: string, samples: readonly Sample[] | number): void {
    this.family(name, help, 'counter', samples);
  }

  /** @param bounds upper bounds of all buckets but the last */
  histogram(name: string, help: string, bounds: readonly number[], distributions: readonly Distribution[]): void {
    this.head(name, help, 'histogram');
    for (const { labels, counts, sum } of distributions) {
      let count = 0;
      for (const [index, inBucket] of counts.entries()) {
        count += inBucket;
        this.line(`${name}_bucket`, { ...labels, le: String(bounds[index] ?? '+Inf') }, count);
      }
      this.line(`${name}_sum`, labels, sum);
      this.line(`${name}_count`, labels, count);
    }
  }

  toString(): string {
    return this.lines.join('');
  }

  private family(name: string, help: string, type: string, samples: readonly Sample[] | number): void {
    this.head(name, help, type);
    if (typeof samples === 'number') this.line(name, {}, samples);
    else for (const { labels, value } of samples) this.line(name, labels, value);
  }

  private head(name: string, help: string, type: string): void {
    this.lines.push(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  }

  private line(name: string, labels: Readonly<Record<string, string>>, value: number): void {
    const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    this.lines.push(`${name}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${String(value)}\n`);
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
