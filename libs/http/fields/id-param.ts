import { Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

import { documentedParameter } from './documented-parameter.js';

/**
 * Passes an id of the path to a route, and documents it. Every path parameter whose name ends in `Id` is checked before anything else of a
 * request (400 for every caller) and arrives in lower case.
 */
export function IdParam(name: `${string}Id`, description: string): ParameterDecorator {
  const documentation = ApiParam({ name, description, schema: { type: 'string', format: 'uuid' } });
  return documentedParameter(Param(name), documentation);
}
