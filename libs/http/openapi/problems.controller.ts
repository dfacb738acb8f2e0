import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { present } from '../fields/present.js';
import { StringField } from '../fields/text.js';
import { ArrayField, IntegerField } from '../fields/values.js';
import { ApiRoute } from './api-route.js';
import { errorCatalogue, type ErrorEntry, findError } from '../problems/error-catalogue.js';
import { TransportError, TransportErrors } from '../problems/request.errors.js';

/** One entry of the error catalogue. */
export class ErrorEntryDto implements ErrorEntry {
  @StringField({ description: 'The stable code.', max: 100, example: 'REQUEST.INVALID' })
  readonly code!: string;

  @IntegerField({ description: 'The HTTP status.', min: 400, max: 599, example: 400 })
  readonly status!: number;

  @StringField({ description: 'A few words.', max: 200, example: 'Invalid input' })
  readonly title!: string;

  @StringField({
    description: 'When it happens, and the remedy.',
    max: 2000,
    example: 'Correct the fields in `errors`.',
  })
  readonly explanation!: string;
}

/** All errors of the API. */
export class ErrorCatalogueDto {
  @ArrayField(() => ErrorEntryDto, { description: 'Every code, in alphabetical order.', max: 1000 })
  readonly errors!: readonly ErrorEntryDto[];
}

const toDto = (entry: ErrorEntry): ErrorEntryDto => present(ErrorEntryDto, entry);

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

/** Converts the Markdown of explanations, which is code spans only. */
const toHtml = (text: string): string => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** The page behind a problem's `type`, for browsers. */
function pageOf({ code, status, title, explanation }: ErrorEntry): string {
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escape(code)}</title></head><body>`,
    `<h1>${escape(title)}</h1><p><code>${escape(code)}</code>, HTTP status ${status}</p>`,
    `<p>${toHtml(explanation)}</p></body></html>`,
  ].join('\n');
}

/** Answers the explanation of a code, as a page where the request accepts HTML. */
async function answerExplanation(code: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const entry = findError(code);
  if (entry === undefined) {
    throw new TransportError(TransportErrors.NO_SUCH_ROUTE, 'No error has this code.');
  }
  const wantsPage = (request.headers.accept ?? '').includes('text/html');
  void reply.header('cache-control', 'public, max-age=3600').header('vary', 'Accept, Origin');
  await (wantsPage ? reply.type('text/html; charset=utf-8').send(pageOf(entry)) : reply.send(toDto(entry)));
}

/** The catalogue of errors, to which the `type` of every problem refers. */
@Controller('problems')
export class ProblemsController {
  @Get()
  @ApiRoute({
    id: 'listErrorCodes',
    tag: 'errors',
    summary: 'List all error codes',
    result: 'Every code, with its status and explanation.',
    description: 'Every code that the API can answer, with its status and explanation.',
    access: 'public',
    answer: ErrorCatalogueDto,
  })
  @Header('cache-control', 'public, max-age=3600')
  list(): ErrorCatalogueDto {
    return { errors: errorCatalogue().map(toDto) };
  }

  @Get(':code')
  @ApiRoute({
    id: 'getErrorCode',
    tag: 'errors',
    summary: 'Explain an error code',
    result: 'What the code means, and what to do.',
    description: 'The meaning of a code and its remedy; as a page for browsers, as JSON otherwise.',
    access: 'public',
    answer: ErrorEntryDto,
    params: { code: 'The code, as in `code` of a problem.' },
    problems: [TransportErrors.NO_SUCH_ROUTE],
  })
  async read(@Param('code') code: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await answerExplanation(code, request, reply);
  }
}
