import { type FairTurns } from '#background';
import { Gauge, Histogram, register } from 'prom-client';

/** What takes turns in a process: passes, or what requests have planned. */
export type TurnKind = 'pass' | 'request';

const TURNS = 'stowage_turns';
const WAITS = 'stowage_turn_wait_seconds';

/** The lines of this process; where tests start several applications in one process, the newest. */
const lines = new Map<TurnKind, FairTurns>();

// One metric for the process, also when tests create several applications in it.
if (register.getSingleMetric(TURNS) === undefined) {
  new Gauge({
    name: TURNS,
    help: 'Turns at the planner: those that run, and those that wait for one.',
    labelNames: ['kind', 'state'],
    collect() {
      for (const [kind, { counts }] of lines) {
        this.set({ kind, state: 'running' }, counts.running);
        this.set({ kind, state: 'waiting' }, counts.waiting);
      }
    },
  });
}

const waits =
  (register.getSingleMetric(WAITS) as Histogram<'kind'> | undefined) ??
  new Histogram({
    name: WAITS,
    help: 'How long turns at the planner were waited for.',
    labelNames: ['kind'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });

/** Shows how much of one kind runs and waits in this process, and for how long it has waited. */
export class TurnMetrics {
  private constructor(private readonly kind: TurnKind) {}

  static of(kind: TurnKind, turns: FairTurns): TurnMetrics {
    lines.set(kind, turns);
    return new TurnMetrics(kind);
  }

  /** Counts a turn that has come. */
  waited(ms: number): void {
    waits.observe({ kind: this.kind }, ms / 1_000);
  }
}
