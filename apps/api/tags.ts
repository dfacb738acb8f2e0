import { type TagDescription } from '#http';

/** The groups of routes, in the order in which Swagger UI shows them. */
export const TAGS: readonly TagDescription[] = [
  { name: 'auth', description: 'Accounts: register, sign in, refresh tokens.' },
  { name: 'me', description: 'Your account: profile, password, sessions, API tokens.' },
  { name: 'organizations', description: 'Organizations that own clusters, their members and invites.' },
  {
    name: 'service accounts',
    description: 'Principals of an organization for programs and runtimes.',
  },
  {
    name: 'clusters',
    description: 'Pools of CPU, memory and GPU: capacity, allocated and available resources, policy.',
  },
  { name: 'deployments', description: 'Deployments: submit, read, edit, report, cancel.' },
  { name: 'events', description: 'Changes of deployments, as a list or as a stream without gaps.' },
  { name: 'scheduler', description: 'Passes, plans, explanations and forecasts, with certificates.' },
  { name: 'operators', description: 'Administration of the whole installation.' },
  { name: 'operations', description: 'Health and metrics.' },
  { name: 'errors', description: 'Every error code, explained.' },
];
