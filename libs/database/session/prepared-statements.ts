import { createHash } from 'node:crypto';

import { type EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder } from 'kysely';
import { type Pool, type PoolClient } from 'pg';

/**
 * For so long a connection keeps the plan of a prepared statement. A plan that was made for an empty table is bad for a full one, and
 * PostgreSQL notices only when it has counted again.
 */
const PLAN_LIFE_MS = 60_000;

/** The most statements that are prepared: each is written down in the code, none is put together from what a client sends. */
const MAX_STATEMENTS = 100;

/** Names by text. */
const names = new Map<string, string>();

/** What the driver remembers of a connection's prepared statements. */
interface Remembering {
  readonly connection?: { parsedStatements?: Record<string, string> };
}

/** The method of a connection by which every statement is sent. */
type Send = (query: unknown, ...rest: unknown[]) => unknown;

/**
 * The rows of one SQL statement that is sent often: parsed and planned once per connection and minute, not each time. For statements of
 * one text, whose best plan does not depend on the values: look-ups by key, inserts.
 */
export async function preparedRowsOf<Row>(em: EntityManager, statement: RawBuilder<Row>): Promise<Row[]> {
  const kysely = em.getKysely();
  const compiled = statement.compile(kysely);
  if (!names.has(compiled.sql) && names.size < MAX_STATEMENTS) {
    names.set(compiled.sql, `stowage_${createHash('sha256').update(compiled.sql).digest('hex').slice(0, 16)}`);
  }
  return (await kysely.executeQuery(compiled)).rows;
}

/** Lets the connections of a pool send the statements of {@link preparedRowsOf} by their names. */
export function sendPrepared(pool: Pool): void {
  pool.on('connect', (client: PoolClient) => {
    const send = client.query.bind(client) as Send;
    const bornMs = Date.now();
    let age = 0;
    const sendByName: Send = (query, ...rest) => {
      const name = typeof query === 'string' ? names.get(query) : undefined;
      if (name === undefined) return send(query, ...rest);
      const now = Math.floor((Date.now() - bornMs) / PLAN_LIFE_MS);
      if (now !== age) {
        age = now;
        forget(client, send);
      }
      const [values, ...others] = rest;
      return send({ name: `${name}_${age}`, text: query, values }, ...others);
    };
    Object.assign(client, { query: sendByName });
  });
}

/** Forgets what is prepared, on both sides. In a transaction that has failed, the server keeps it until the connection ends; nothing uses it. */
function forget(client: PoolClient, send: Send): void {
  void Promise.resolve(send('deallocate all')).catch(() => undefined);
  const { connection } = client as unknown as Remembering;
  if (connection?.parsedStatements !== undefined) connection.parsedStatements = {};
}
