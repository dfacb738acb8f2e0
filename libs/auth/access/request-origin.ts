import { currentRequest } from '#http';

import { type Origin } from './actor.js';

/** Where the request that is being answered comes from; nowhere, outside of one. */
export function requestOrigin(): Origin {
  const request = currentRequest();
  if (request === undefined) return { address: null, userAgent: null, requestId: null };
  return { address: request.ip, userAgent: request.userAgent ?? null, requestId: request.requestId };
}
