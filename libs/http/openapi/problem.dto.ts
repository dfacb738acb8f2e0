import { IntegerField, ArrayField } from '../fields/values.js';
import { OpenObject } from '../fields/rule.js';
import { StringField } from '../fields/text.js';

/** One wrong field. */
export class FieldErrorDto {
  @StringField({
    description: 'A JSON pointer into the body (`#/resources/cpu`), or the name of a parameter.',
    min: 1,
    max: 2500,
    example: '#/resources/cpu',
  })
  readonly pointer!: string;

  @StringField({ description: 'The stable code of the broken rule.', max: 64, example: 'too-small' })
  readonly code!: string;

  @StringField({
    description: 'What is expected, as a sentence without its subject.',
    max: 500,
    example: 'must be at least 0',
  })
  readonly message!: string;
}

/** An RFC 9457 problem. Errors may have further members (facts); `/problems/{code}` explains each code. */
@OpenObject()
export class ProblemDto {
  @StringField({
    description: 'The address of the explanation of this code.',
    max: 200,
    format: 'uri-reference',
    example: '/problems/REQUEST.INVALID',
  })
  readonly type!: string;

  @StringField({ description: 'A few words, the same for each code.', max: 200, example: 'Invalid input' })
  readonly title!: string;

  @IntegerField({ description: 'The HTTP status.', min: 400, max: 599, example: 400 })
  readonly status!: number;

  @StringField({
    description: 'Describes this occurrence. For people; the wording may change.',
    min: 1,
    max: 4000,
    example: '#/resources/cpu must be at least 0.',
  })
  readonly detail!: string;

  @StringField({ description: 'The stable code, for programs.', max: 100, example: 'REQUEST.INVALID' })
  readonly code!: string;

  @StringField({
    description: 'The id of the request, as in `X-Request-Id`; include it in error reports.',
    min: 8,
    max: 64,
    example: '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10',
  })
  readonly requestId!: string;

  @ArrayField(() => FieldErrorDto, { description: 'For invalid input: each wrong field.', max: 20, optional: true })
  readonly errors?: readonly FieldErrorDto[];
}
