import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

import { ExpectedVersions } from './expected-versions.js';

interface WithHeaders {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const Expected = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ExpectedVersions.parse(context.switchToHttp().getRequest<WithHeaders>().headers['if-match']),
);

/** Hands the request's `If-Match` to a route as {@link ExpectedVersions}, and documents the header with what it can lead to. */
export function IfMatch(): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) {
      throw new TypeError('@IfMatch() belongs on a parameter of a method');
    }
    Expected()(target, key, index);
    const descriptor = Object.getOwnPropertyDescriptor(target, key) ?? {};
    ApiHeader({
      name: 'If-Match',
      required: false,
      description:
        'The `ETag` of what was read before the edit: if somebody else has edited it since, nothing happens and the answer is 412. Several tags are separated by commas; `*`, or no header, edits whatever is there. A weak tag matches nothing.',
      schema: { type: 'string', example: '"7"' },
    })(target, key, descriptor);
  };
}
