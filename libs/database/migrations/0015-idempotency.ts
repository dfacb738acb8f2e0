import { Migration } from '@mikro-orm/migrations';

/** Answers that are given again when a request comes again under the same key. */
export class Idempotency extends Migration {
  override up(): void {
    // `id` stands for who asked, what for, and the key; the answer is sealed, because some show a secret once.
    this.addSql(`
      create table idempotent_answers (
        id bytea not null primary key,
        request_digest bytea not null,
        answer bytea not null,
        created_at timestamptz not null default now()
      )`);
    this.addSql(`create index idempotent_answers_created_at_index on idempotent_answers (created_at)`);
  }
}
