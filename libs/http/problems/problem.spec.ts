import { BadRequestException, HttpException, NotFoundException, UnauthorizedException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';

import { defineErrors, errorCatalogue, problemOf, RequestErrors, TransportError, TransportErrors } from '#http';
import { DomainError } from '#kernel';

import { STATUS_BY_KIND } from './error-catalogue.js';

const SECRET = 'hunter2 select * from users';

/** An error of the driver as the ORM wraps it. */
function databaseError(code: string): Error {
  const driver = Object.assign(new Error(`duplicate key (${SECRET})`), { code, detail: SECRET, constraint: 'c' });
  return new Error(SECRET, { cause: driver });
}

const shown = (error: unknown): string => {
  const { body, headers } = problemOf(error, 'request-1');
  const retry = headers['retry-after'] === undefined ? '' : ` retry ${headers['retry-after']}`;
  return `${body.status} ${body.code}${retry}`;
};

describe('problems', () => {
  it.each<[string, unknown, string]>([
    ['unique violation', databaseError('23505'), '409 REQUEST.CONFLICT'],
    ['foreign key violation', databaseError('23503'), '409 REQUEST.CONFLICT'],
    ['check violation', databaseError('23514'), '409 REQUEST.CONFLICT'],
    ['invalid text', databaseError('22P02'), '400 REQUEST.INVALID'],
    ['number out of range', databaseError('22003'), '400 REQUEST.INVALID'],
    ['invalid characters', databaseError('22021'), '400 REQUEST.INVALID'],
    ['serialization failure', databaseError('40001'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['deadlock', databaseError('40P01'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['lock time-out', databaseError('55P03'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['statement time-out', databaseError('57014'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['server going down', databaseError('57P01'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['server starting', databaseError('57P03'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['idle session ended', databaseError('25P03'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['connection failure', databaseError('08006'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['too many connections', databaseError('53300'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['disk full', databaseError('53100'), '507 STORAGE.FULL'],
    [
      'refused connection',
      Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' }),
      '503 REQUEST.UNAVAILABLE retry 1',
    ],
    ['pool exhausted', new Error('timeout exceeded when trying to connect'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['connection lost', new Error('Connection terminated unexpectedly'), '503 REQUEST.UNAVAILABLE retry 1'],
    ['syntax error in our SQL', databaseError('42601'), '500 INTERNAL.UNEXPECTED'],
    ['a plain error', new Error(SECRET), '500 INTERNAL.UNEXPECTED'],
    ['a thrown text', SECRET, '500 INTERNAL.UNEXPECTED'],
    ['nothing', undefined, '500 INTERNAL.UNEXPECTED'],
    ['an exception of the framework', new BadRequestException(SECRET), '400 REQUEST.MALFORMED'],
    ['its 401', new UnauthorizedException(SECRET), '401 REQUEST.UNAUTHENTICATED'],
    ['its 404', new NotFoundException(SECRET), '404 REQUEST.NO_SUCH_ROUTE'],
    ['a status without an entry', new HttpException(SECRET, 418), '400 REQUEST.MALFORMED'],
    ['its own 500', new HttpException(SECRET, 500), '500 INTERNAL.UNEXPECTED'],
    [
      'a size limit',
      Object.assign(new Error(SECRET), { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }),
      '413 REQUEST.TOO_LARGE',
    ],
  ])('hides the text of %s', (_what, error, expected) => {
    expect(shown(error)).toBe(expected);
    expect(JSON.stringify(problemOf(error, 'request-1').body)).not.toMatch(/hunter2|select/);
  });

  it('names the documentation when a path does not exist', () => {
    expect(problemOf(new NotFoundException(SECRET), 'r').body.detail).toContain('/docs');
  });

  it('reports gaps in our validation as unexpected', () => {
    expect(problemOf(databaseError('22P02'), 'r').isUnexpected).toBe(true);
    expect(problemOf(databaseError('23505'), 'r').isUnexpected).toBe(false);
    expect(problemOf(new Error('x'), 'r').isUnexpected).toBe(true);
  });

  it('contains the status of the kind, the facts, and the members of RFC 9457', () => {
    const error = new DomainError('PROBLEMSPEC.FULL', 'conflict', 'It is full.', { limit: 3, status: 1, type: 'x' });
    expect(problemOf(error, 'request-1').body).toEqual({
      type: '/problems/PROBLEMSPEC.FULL',
      title: 'PROBLEMSPEC.FULL',
      status: 409,
      detail: 'It is full.',
      code: 'PROBLEMSPEC.FULL',
      requestId: 'request-1',
      limit: 3,
    });
    for (const [kind, status] of Object.entries(STATUS_BY_KIND)) {
      expect(problemOf(new DomainError('PROBLEMSPEC.X', kind as 'invalid', 'x'), 'r').body.status).toBe(status);
    }
  });

  it('starts with the common members, for all facts', () => {
    const error = new DomainError('PROBLEMSPEC.FULL', 'conflict', 'It is full.', { limit: 3, status: 1 });
    expect(Object.keys(problemOf(error, 'request-1').body)).toEqual([
      'type',
      'title',
      'status',
      'detail',
      'code',
      'requestId',
      'limit',
    ]);
  });

  it('describes the first wrong field in one sentence, and counts the others', () => {
    const field = (pointer: string) => ({ pointer, code: 'x', message: 'must be an object' });
    const detail = (...pointers: string[]): string =>
      problemOf(RequestErrors.INVALID.because(undefined, {}, pointers.map(field)), 'r').body.detail;
    expect(detail()).toBe('Invalid input.');
    expect(detail('#')).toBe('The body must be an object.');
    expect(detail('#/a')).toBe('#/a must be an object.');
    expect(detail('#/a', '#/b')).toBe('#/a must be an object (and 1 more error).');
    expect(detail('#/a', '#/b', 'c')).toBe('#/a must be an object (and 2 more errors).');
  });

  it('lists at most 20 fields', () => {
    const fields = Array.from({ length: 30 }, (_, index) => ({ pointer: `#/${index}`, code: 'x', message: 'x' }));
    expect(problemOf(RequestErrors.INVALID.because(undefined, {}, fields), 'r').body.errors).toHaveLength(20);
  });

  it('sends the headers that belong to the status', () => {
    expect(problemOf(RequestErrors.TOO_MANY.because(undefined, { retryAfterSeconds: 2.2 }), 'r').headers).toEqual({
      'retry-after': '3',
    });
    expect(problemOf(RequestErrors.UNAUTHENTICATED.because(), 'r').headers).toEqual({ 'www-authenticate': 'Bearer' });
    const refusal = new TransportError(TransportErrors.METHOD_NOT_ALLOWED, 'No.', { allow: 'GET' });
    expect(problemOf(refusal, 'r').headers).toEqual({ allow: 'GET' });
  });
});

describe('the catalogue', () => {
  const declaration = { kind: 'conflict', title: 'Twice', explanation: 'Declared in a test.' } as const;

  it('refuses a code that is declared twice', () => {
    defineErrors('CATALOGUESPEC', { ONCE: declaration });
    expect(() => defineErrors('CATALOGUESPEC', { ONCE: declaration })).toThrow(/CATALOGUESPEC.ONCE is declared twice/);
  });

  it('refuses a code that is not of the form AREA.REASON', () => {
    expect(() => defineErrors('lower', { CASE: declaration })).toThrow(TypeError);
  });

  it('explains every code', () => {
    for (const { code, status, title, explanation } of errorCatalogue()) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]*\.[A-Z][A-Z0-9_]*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title.length).toBeGreaterThan(3);
      expect(explanation.length).toBeGreaterThan(10);
    }
  });
});
