/** The counters of one file, as Istanbul keeps them: by statement, function and branch. */
interface FileCoverage {
  readonly s: Record<string, number>;
  readonly f: Record<string, number>;
  readonly b: Record<string, number[]>;
}

/** Counters by file. */
export type Coverage = Record<string, FileCoverage>;

/** With what the programs transform their sources: with what Jest does, so that counters are of the same statements. */
export interface CoverageSource {
  /** Jest's configuration of a project. */
  readonly config: unknown;
  readonly collectCoverageFrom: readonly string[];
}

/** Adds counters to others. Both are of the same instrumented sources. */
export function mergeCoverage(into: Coverage, from: Coverage): void {
  for (const [path, file] of Object.entries(from)) {
    const known = into[path];
    if (known === undefined) {
      into[path] = file;
      continue;
    }
    for (const id of Object.keys(file.s)) known.s[id] = (known.s[id] ?? 0) + (file.s[id] ?? 0);
    for (const id of Object.keys(file.f)) known.f[id] = (known.f[id] ?? 0) + (file.f[id] ?? 0);
    for (const [id, counts] of Object.entries(file.b)) {
      known.b[id] = counts.map((count, arm) => count + (known.b[id]?.[arm] ?? 0));
    }
  }
}
