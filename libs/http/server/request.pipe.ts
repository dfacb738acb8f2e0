import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';

import { type BodyIntake } from '../bodies/body-intake.js';
import { RawBody } from '../json/raw-body.js';
import { JSON_LINES_TYPE, JsonLines } from '../lines/json-lines.js';
import { RequestErrors, TransportError, TransportErrors } from '../problems/request.errors.js';
import { invalidInput } from '../fields/invalid-input.js';
import { readDto, readDtoInSteps } from '../fields/read-dto.js';
import { type DtoClass, fieldsOf } from '../fields/rule.js';

/** The declared class of a parameter. @throws TypeError when it has no field decorators: it would accept anything */
function dtoClassOf({ metatype, data }: ArgumentMetadata): DtoClass {
  const type = metatype as DtoClass | undefined;
  if (data !== undefined || type === undefined || fieldsOf(type).size === 0) {
    throw new TypeError('@Body() and @Query() take no name and need a class with field decorators');
  }
  return type;
}

function read(type: DtoClass, plain: unknown, source: 'json' | 'query'): object {
  return valid(readDto(type, plain, source));
}

function valid({ value, errors }: ReturnType<typeof readDto>): object {
  if (errors.length > 0) {
    throw invalidInput(errors);
  }
  return value;
}

/** The body of a route that takes JSON lines, and nothing else. */
async function linesOf(body: unknown, intake: BodyIntake): Promise<JsonLines> {
  if (!(body instanceof JsonLines)) throw otherType(JSON_LINES_TYPE);
  await body.enter(intake);
  return body;
}

function otherType(expected: string): TransportError {
  return new TransportError(TransportErrors.UNSUPPORTED_MEDIA_TYPE, `Content-Type must be ${expected}.`);
}

/** Whether every field of a class is optional. */
function needsNothing(type: DtoClass): boolean {
  return [...fieldsOf(type).values()].every((rule) => rule.optional || rule.default !== undefined);
}

/** Refuses repeated query parameters, except lists of values. */
function assertOnce(type: DtoClass, query: Readonly<Record<string, unknown>>): void {
  const fields = fieldsOf(type);
  const errors = Object.keys(query)
    .filter((name) => Array.isArray(query[name]) && fields.get(name)?.items === undefined)
    .map((name) => ({ pointer: name.slice(0, 100), code: 'repeated-parameter', message: 'must not be repeated' }));
  if (errors.length > 0) {
    throw invalidInput(errors);
  }
}

/** A class without fields, for routes that declare no body or no query. */
class Nothing {}

/** Refuses a body other than `{}` where a route declares none. */
export async function assertNoBody(body: unknown, intake: BodyIntake): Promise<void> {
  if (body instanceof JsonLines) throw otherType('application/json');
  const plain = body instanceof RawBody ? await body.read(intake) : undefined;
  if (plain !== undefined) {
    read(Nothing, plain, 'json');
  }
}

/** Refuses query parameters where a route declares none. */
export function assertNoQuery(query: unknown): void {
  for (const _name in query as object) {
    read(Nothing, { ...(query as object) }, 'query');
  }
}

/** Reads `@Body()` and `@Query()` by the rules of their class. Bodies are parsed here, after the guards. */
@Injectable()
export class RequestPipe implements PipeTransform {
  constructor(private readonly intake: BodyIntake) {}

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body') {
      if (metadata.metatype === JsonLines) return linesOf(value, this.intake);
      if (value instanceof JsonLines) throw otherType('application/json');
      const type = dtoClassOf(metadata);
      const plain = value instanceof RawBody ? await value.read(this.intake) : undefined;
      // A body whose fields are all optional may be left out.
      if (plain === undefined && !needsNothing(type)) {
        throw RequestErrors.INVALID.because('A body is required.', {}, [
          { pointer: '#', code: 'required', message: 'is required' },
        ]);
      }
      if (value instanceof RawBody && value.isBig) {
        return valid(await this.intake.turns.run(value.account, readDtoInSteps(type, plain)));
      }
      return read(type, plain === undefined ? {} : plain, 'json');
    }
    if (metadata.type === 'query') {
      const type = dtoClassOf(metadata);
      const query = { ...(value as Record<string, unknown>) };
      assertOnce(type, query);
      return read(type, query, 'query');
    }
    return value;
  }
}
