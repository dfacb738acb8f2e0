/**
 * A program that measures, in the process that loads it, how long the event loop is held: the processor time of its thread between two
 * looks at what is due. It writes each hold beyond a limit as a line. The load of the machine does not count.
 */
function probe(beyondMs: number): string {
  return `
    import { setImmediate } from 'node:timers';
    let before = process.threadCpuUsage();
    const look = () => {
      const { user, system } = process.threadCpuUsage();
      const heldMs = (user + system - before.user - before.system) / 1000;
      if (heldMs > ${beyondMs}) process.stdout.write(\`\\nheld for \${Math.round(heldMs)} ms\\n\`);
      before = process.threadCpuUsage();
      setImmediate(look);
    };
    look();`;
}

/** The variables with which a process of Node reports holds of its event loop beyond a limit. */
export function reportingHolds(beyondMs: number): Record<string, string> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(probe(beyondMs))}` };
}

/** The holds in the output of such a process, in milliseconds. */
export function holdsIn(output: string): number[] {
  return [...output.matchAll(/^held for (\d+) ms$/gm)].map(([, ms]) => Number(ms));
}
