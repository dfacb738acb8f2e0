import { Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

/**
 * An id in the path. Every path parameter whose name ends in `Id` is checked before anything else of a request (a
 * malformed one is 400 for everybody) and arrives in lower case; this decorator hands it over and documents it.
 */
export function IdParam(name: `${string}Id`, description: string): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) {
      throw new TypeError('@IdParam() belongs on a parameter of a method');
    }
    Param(name)(target, key, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, key) ?? {};
    ApiParam({ name, description, schema: { type: 'string', format: 'uuid' } })(target, key, descriptor);
  };
}
