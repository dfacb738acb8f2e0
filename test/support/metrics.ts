/** One line of a scrape. */
export interface ScrapedSample {
  readonly name: string;
  /** As they are written, braces included. */
  readonly labels: string;
  readonly value: number;
}

/** The samples of a scrape in Prometheus' text format. */
export function samplesOf(scrape: string): ScrapedSample[] {
  return scrape.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line);
    return match === null ? [] : [{ name: match[1] ?? '', labels: match[2] ?? '', value: Number(match[3]) }];
  });
}

/** The value of one sample, whose labels hold all of these texts; undefined when there is none. */
export function sampleOf(scrape: string, name: string, ...labels: readonly string[]): number | undefined {
  return samplesOf(scrape).find(
    (sample) => sample.name === name && labels.every((text) => sample.labels.includes(text)),
  )?.value;
}

/** The names of all families of a scrape. */
export function familiesOf(scrape: string): string[] {
  return [...scrape.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '');
}
