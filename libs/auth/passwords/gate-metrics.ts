import { Counter, Gauge, register } from 'prom-client';

/** Whether an applicant for a turn has a reserved share. */
export const STANDINGS = ['known', 'stranger'] as const;

export type Standing = (typeof STANDINGS)[number];

const TURNS = 'stowage_password_turns_total';
const WAITING = 'stowage_password_waiting';

/** One metric for the process, also when tests create several applications in it. */
const turns =
  (register.getSingleMetric(TURNS) as Counter<'standing' | 'outcome'> | undefined) ??
  new Counter({
    name: TURNS,
    help: 'Password hashes by the standing of the request (known, stranger) and by outcome (started, refused)',
    labelNames: ['standing', 'outcome'],
  });

/** Counts a hash that starts. */
export function countStarted(standing: Standing): void {
  turns.inc({ standing, outcome: 'started' });
}

/** Counts a hash that was refused because too many waited. */
export function countRefused(standing: Standing): void {
  turns.inc({ standing, outcome: 'refused' });
}

/** Exposes how many requests wait for a hash, as the gate of this process reports it. */
export function exposeWaiting(waiting: (standing: Standing) => number): void {
  register.removeSingleMetric(WAITING);
  new Gauge({
    name: WAITING,
    help: 'Requests that wait for a password hash, by standing (known, stranger)',
    labelNames: ['standing'],
    collect() {
      for (const standing of STANDINGS) this.set({ standing }, waiting(standing));
    },
  });
}
