import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';

import type { DomainError, FieldError } from '#kernel';

import { RawBody } from '../json/raw-body.js';
import { RequestErrors } from '../problems/request.errors.js';
import { readDto } from './read-dto.js';
import { type DtoClass, fieldsOf } from './rule.js';

/** The class that a parameter is declared with. @throws TypeError when it has no field decorators: it would accept anything */
function dtoClassOf({ metatype, data }: ArgumentMetadata): DtoClass {
  const type = metatype as DtoClass | undefined;
  if (data !== undefined || type === undefined || fieldsOf(type).size === 0) {
    throw new TypeError('@Body() and @Query() take no name and need a class with field decorators');
  }
  return type;
}

/** The refusal of input that breaks rules. */
export function invalidInput(errors: readonly FieldError[]): DomainError {
  return RequestErrors.INVALID.because(detailOf(errors), {}, errors);
}

function read(type: DtoClass, plain: unknown, source: 'json' | 'query'): object {
  const { value, errors } = readDto(type, plain, source);
  if (errors.length > 0) {
    throw invalidInput(errors);
  }
  return value;
}

/** One sentence about the first error, for those who read only that. */
function detailOf([first, ...others]: readonly FieldError[]): string {
  const rest = others.length > 0 ? ` (and ${others.length} more)` : '';
  return first === undefined ? 'The input is not valid.' : `${first.pointer} ${first.message}${rest}.`;
}

/** Whether every field of a class may be left out. */
function needsNothing(type: DtoClass): boolean {
  return [...fieldsOf(type).values()].every((rule) => rule.optional || rule.default !== undefined);
}

/** Refuses query parameters that are given twice. */
function assertOnce(query: Readonly<Record<string, unknown>>): void {
  const errors = Object.keys(query)
    .filter((name) => Array.isArray(query[name]))
    .map((name) => ({ pointer: name.slice(0, 100), code: 'repeated-parameter', message: 'must be given once' }));
  if (errors.length > 0) {
    throw RequestErrors.INVALID.because(detailOf(errors), {}, errors);
  }
}

/** A class without fields: what a route takes that declares no body or no query. */
class Nothing {}

/** Reads and refuses a body where a route takes none: only `{}` or nothing passes. */
export async function assertNoBody(body: unknown): Promise<void> {
  const plain = body instanceof RawBody ? await body.read() : undefined;
  if (plain !== undefined) {
    read(Nothing, plain, 'json');
  }
}

/** Refuses query parameters where a route takes none. */
export function assertNoQuery(query: unknown): void {
  for (const _name in query as object) {
    read(Nothing, { ...(query as object) }, 'query');
  }
}

/** Reads `@Body()` and `@Query()` by the rules of their class; other parameters pass. Bodies are parsed here, after the guards. */
@Injectable()
export class RequestPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body') {
      const type = dtoClassOf(metadata);
      const plain = value instanceof RawBody ? await value.read() : undefined;
      // An action whose every field may be left out takes no body as well as an empty one.
      if (plain === undefined && !needsNothing(type)) {
        throw RequestErrors.INVALID.because('A body is required.', {}, [
          { pointer: '#', code: 'required', message: 'is required' },
        ]);
      }
      return read(type, plain === undefined ? {} : plain, 'json');
    }
    if (metadata.type === 'query') {
      const query = { ...(value as Record<string, unknown>) };
      assertOnce(query);
      return read(dtoClassOf(metadata), query, 'query');
    }
    return value;
  }
}
