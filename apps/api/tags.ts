import { type TagDescription } from '#http';

/** The groups of routes, in the order in which Swagger UI shows them. */
export const TAGS: readonly TagDescription[] = [
  { name: 'auth', description: 'Accounts: register, sign in, stay signed in.' },
  { name: 'me', description: 'Your account: profile, password, sessions, API tokens.' },
  { name: 'organizations', description: 'Teams that share clusters, and how people join them.' },
  {
    name: 'service accounts',
    description: 'Principals of an organization that are no people: for programs and runtimes.',
  },
  { name: 'clusters', description: 'Pools of CPU, memory and GPU: what they have, what is given out, what is left.' },
  { name: 'deployments', description: 'What people ask to run: submit, watch, report, cancel.' },
  { name: 'events', description: 'What happened, as a list or as a stream that never misses anything.' },
  { name: 'scheduler', description: 'What the scheduler did, and how close to the optimum that was.' },
  { name: 'operators', description: 'For those who run the whole installation: users of every organization.' },
  { name: 'operations', description: 'For operators: health and metrics.' },
  { name: 'errors', description: 'Every error code, explained.' },
];
