import JestSequencer from '@jest/test-sequencer';

/** Suites of seconds per file, longest last. */
const QUICK_SUITES = ['unit'];

/**
 * Orders files: those that need servers first, the quick ones last; the processes end at about the same time. Within
 * that, Jest's own order: what failed before, then by the time of the last run, or by size where that is not known yet.
 */
export default class Sequencer extends JestSequencer {
  sort(tests) {
    const sorted = [...super.sort(tests)];
    const isQuick = ({ context }) => QUICK_SUITES.includes(context.config.displayName?.name);
    return [...sorted.filter((test) => !isQuick(test)), ...sorted.filter(isQuick)];
  }
}
