import { count } from './format.js';
import { type CertificateEvidence, type Evidence } from './evidence.js';
import { faultOf } from './site.js';

/** The invariants, as they are printed when all hold. */
export const INVARIANTS = [
  'every accepted deployment exists once and has ended, as it was acknowledged',
  'all resources have come back: allocated is zero and available equals capacity on every cluster',
  'passes placed each started deployment once and released it once',
  'no more was ever seen allocated than there is, and no certificate claims more than its bound',
] as const;

const TERMINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled', 'timed_out', 'expired']);

/** The violations of a cluster, of all invariants that a client can check. */
export function violationsOf(evidence: Evidence): string[] {
  const found = [
    ...wrongDeployments(evidence),
    ...wrongCluster(evidence),
    ...wrongPasses(evidence),
    ...evidence.faults.map((fault) => `during the run, ${fault}`),
  ];
  return found.map((violation) => `${evidence.name}: ${violation}`);
}

function wrongDeployments({ deployments, accepted, ended, submitter }: Evidence): string[] {
  const ids = new Set(deployments.map(({ id }) => id));
  const acknowledged = (id: string): string | undefined => {
    const how = ended.get(id);
    return how === 'otherwise' ? undefined : how;
  };
  return [
    ...amount(
      [...accepted].filter((id) => !ids.has(id)),
      'accepted and do not exist',
    ),
    ...amount(
      deployments.filter(({ id, submittedBy }) => submittedBy === submitter && !accepted.has(id)).map(({ id }) => id),
      'exist and were never accepted (submitted twice?)',
    ),
    ...amount(
      deployments.filter(({ status }) => !TERMINAL.has(status)).map(({ id, status }) => `${id} ${status}`),
      'have not ended',
    ),
    ...amount(
      deployments.filter(({ endedAt, releasedAt }) => endedAt !== null && releasedAt === null).map(({ id }) => id),
      'ended and did not give their resources back',
    ),
    ...amount(
      deployments
        .filter(({ id, status }) => (acknowledged(id) ?? status) !== status)
        .map(({ id, status }) => `${id} ${status}`),
      'did not end as it was acknowledged',
    ),
  ];
}

function wrongCluster({ view }: Evidence): string[] {
  const { allocated, available, capacity, queued } = view;
  const fault = faultOf(view);
  return [
    ...(allocated.isZero ? [] : [`still allocated: ${JSON.stringify(allocated)}`]),
    ...(available.equals(capacity) ? [] : [`available is not capacity: ${JSON.stringify(available)}`]),
    ...(queued === 0 ? [] : [`${count(queued)} still wait by the cluster's own count`]),
    ...(fault === undefined ? [] : [fault]),
  ];
}

function wrongPasses({ deployments, passes }: Evidence): string[] {
  // What was cancelled while it waited was never placed.
  const started = deployments.filter(({ scheduledAt }) => scheduledAt !== null).length;
  const placed = passes.reduce((sum, pass) => sum + pass.placed, 0);
  const released = passes.reduce((sum, pass) => sum + pass.released, 0);
  const dishonest = passes.filter(({ certificate }) => !isConsistent(certificate)).map(({ id }) => id);
  return [
    ...(placed === started ? [] : [`passes placed ${count(placed)}, but ${count(started)} deployments were started`]),
    ...(released === started
      ? []
      : [`passes released ${count(released)}, but ${count(started)} deployments were started`]),
    ...amount(dishonest, 'are passes whose certificate contradicts itself'),
  ];
}

/** A certificate claims at most its bounds, and `optimal` exactly when it reaches all of them. */
export function isConsistent({ optimal, levels }: CertificateEvidence): boolean {
  const isWithin = levels.every(({ placed, upperBound }) => placed <= upperBound);
  const isReached = levels.every(({ placed, upperBound }) => placed === upperBound);
  return isWithin && optimal === isReached;
}

const SHOWN = 3;

function amount(items: readonly string[], what: string): string[] {
  if (items.length === 0) return [];
  const more = items.length > SHOWN ? ', ...' : '';
  return [`${count(items.length)} ${what}: ${items.slice(0, SHOWN).join(', ')}${more}`];
}
