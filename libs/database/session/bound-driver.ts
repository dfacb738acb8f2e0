import { type Transaction } from '@mikro-orm/core';
import { PostgreSqlConnection, PostgreSqlDriver, raw } from '@mikro-orm/postgresql';
import { CompiledQuery, type Kysely } from 'kysely';

/**
 * Sends texts and bytes of the ORM's statements as bound parameters. The ORM writes values into the text, and from there a password's hash
 * would reach the log of PostgreSQL with each statement that fails or is slow. Numbers stay in the text: some places take no parameter.
 */
class BindingConnection extends PostgreSqlConnection {
  override execute: PostgreSqlConnection['execute'] = (query, params, method, ctx, loggerContext) => {
    if (!Array.isArray(params)) return super.execute(query, params, method, ctx, loggerContext);
    const values: unknown[] = [];
    const placed = params.map((value: unknown) =>
      typeof value === 'string' || Buffer.isBuffer(value) ? raw(`$${values.push(value)}`) : value,
    );
    const session = (ctx ?? this.getClient()) as Kysely<unknown>;
    const binding = {
      executeQuery: ({ sql }: CompiledQuery, options: object) =>
        session.executeQuery(CompiledQuery.raw(sql, values), options),
    };
    return super.execute(query, placed, method, binding as Transaction, loggerContext);
  };
}

/** MikroORM's driver for PostgreSQL, over {@link BindingConnection}. */
export class BoundDriver extends PostgreSqlDriver {
  protected override readonly connection = new BindingConnection(this.config);
}
