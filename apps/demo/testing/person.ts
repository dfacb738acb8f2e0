import { Stowage, type StowageOptions } from '@stowage/sdk';

import { type Person } from '../people.js';

/** A user with a token, of a service that need not exist. */
export function aPerson(options: StowageOptions = { baseUrl: 'http://nowhere' }): Person {
  return { id: 'ada', username: 'ada', role: 'admin', api: new Stowage({ token: 't', ...options }) };
}
