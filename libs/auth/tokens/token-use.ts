import { Injectable, Logger } from '@nestjs/common';

import { changesOf, Database, sql } from '#database';

/** The resolution of "last used", and the least time between two writes for one token. */
const RESOLUTION_MS = 60_000;

/** Number of tokens whose last write is remembered, so that most requests cost no write. */
const MAX_REMEMBERED = 10_000;

/** Records the last use of each API token, to the minute, without delaying requests. */
@Injectable()
export class TokenUse {
  private readonly logger = new Logger('auth');
  private readonly notedAt = new Map<string, number>();

  constructor(private readonly database: Database) {}

  /** Records a use. Returns at once; a write that fails is only logged. */
  note(tokenId: string): void {
    const now = Date.now();
    if (now - (this.notedAt.get(tokenId) ?? -Infinity) < RESOLUTION_MS) return;
    if (this.notedAt.size >= MAX_REMEMBERED) this.notedAt.clear();
    this.notedAt.set(tokenId, now);
    this.write(tokenId).catch((error: unknown) => {
      this.logger.warn(
        `the last use of a token was not recorded: ${error instanceof Error ? error.message : 'unknown error'}`,
      );
    });
  }

  private async write(tokenId: string): Promise<void> {
    await changesOf(
      this.database.reader(),
      sql`
        update api_tokens set last_used_at = now()
        where id = ${tokenId} and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    );
  }
}
