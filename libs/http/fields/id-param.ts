import { applyDecorators, Param } from '@nestjs/common';
import { ApiExtension, ApiParam } from '@nestjs/swagger';

import type { ErrorEntry } from '../problems/error-catalogue.js';
import { documentedParameter } from './documented-parameter.js';

type IdName = `${string}Id`;

/** The key of the codes with which a route answers that its path names nothing. */
export const PATH_EXTENSION = 'x-stowage-path';

const documentation = (name: string, description: string): MethodDecorator =>
  ApiParam({ name, description, schema: { type: 'string', format: 'uuid' } });

/**
 * Passes an id of the path to a route, and documents it. Every path parameter whose name ends in `Id` is checked before anything else of a
 * request (400 for every caller) and arrives in lower case.
 */
export function IdParam(name: IdName, description: string): ParameterDecorator {
  return documentedParameter(Param(name), documentation(name, description));
}

/** The same for several ids, which name one thing together: they arrive as one object, and its errors are documented with them. */
export function IdsParam(
  descriptions: Readonly<Record<IdName, string>>,
  problems: readonly ErrorEntry[],
): ParameterDecorator {
  const documented = Object.entries(descriptions).map(([name, description]) => documentation(name, description));
  const codes = problems.map(({ code }) => code);
  return documentedParameter(Param(), applyDecorators(...documented, ApiExtension(PATH_EXTENSION, codes)));
}
