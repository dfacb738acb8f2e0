import { headerParameter } from '../fields/documented-parameter.js';
import { ExpectedVersions } from './expected-versions.js';

/** Passes the request's `If-Match` to a route as {@link ExpectedVersions}, and documents the header. */
export function IfMatch(): ParameterDecorator {
  return headerParameter(
    {
      name: 'If-Match',
      description:
        'The `ETag` that was read before the edit. If the resource has been edited since, nothing changes and the answer is 412. Several tags are separated by commas; `*`, or no header, edits any version. A weak tag matches nothing.',
      schema: { type: 'string', example: '"7"' },
    },
    ({ headers }) => ExpectedVersions.parse(headers['if-match']),
  );
}
