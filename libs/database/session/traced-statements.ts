import { type Pool, type PoolClient } from 'pg';

import { inSpan, type SpanFacts } from '#telemetry';

/** The most of a statement that a span shows. */
const MAX_TEXT = 300;

type Send = (query: unknown, values?: readonly unknown[]) => Promise<unknown>;

/** Puts each statement of a pool's connections into a span of its own, whether the ORM, the query builder or raw SQL sends it. */
export function traceStatements(pool: Pool): void {
  pool.on('connect', (client: PoolClient) => {
    const send = client.query.bind(client) as Send;
    const traced: Send = (query, ...rest) =>
      typeof query === 'string'
        ? inSpan(
            'sql',
            () => factsOf(query, rest[0] ?? []),
            () => send(query, ...rest),
          )
        : send(query, ...rest);
    Object.assign(client, { query: traced });
  });
}

/** What a trace shows of a statement: its text with placeholders, never a value. A text without bound values ends before its first literal. */
function factsOf(text: string, values: readonly unknown[]): SpanFacts {
  const shown = values.length > 0 ? text : (text.split("'")[0] ?? '');
  return {
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      'db.query.text': shown.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_TEXT),
    },
  };
}
