import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

/** The longest that an answer is held back, in seconds. */
export const MAX_WAIT_SECONDS = 20;

const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[,;]|$)/i;

/** How long a client would rather wait for an answer that says more (RFC 7240, section 4.3). */
export class WaitPreference {
  constructor(
    /** null: no longer than needed */
    readonly seconds: number | null,
    private readonly reply: Pick<FastifyReply, 'header'>,
  ) {}

  /** What a `Prefer` header asks for; what is not understood is no preference, as the standard has it. */
  static parse(header: string | readonly string[] | undefined, reply: Pick<FastifyReply, 'header'>): WaitPreference {
    const seconds = WAIT.exec([header ?? ''].flat().join().slice(0, 200))?.[1];
    return new WaitPreference(seconds === undefined ? null : Math.min(Number(seconds), MAX_WAIT_SECONDS), reply);
  }

  /** Says in the answer that it was waited for. */
  markApplied(): void {
    if (this.seconds !== null) void this.reply.header('preference-applied', `wait=${this.seconds}`);
  }
}

/** Documents on a route that it heeds `Prefer: wait=...`; what is asked for is in `KeyedRequest.waitPreference`. */
export function PreferWait(options: {
  /** What is waited for: "it is scheduled". */
  readonly until: string;
}): MethodDecorator {
  return ApiHeader({
    name: 'Prefer',
    required: false,
    description: `\`wait=5\`: the answer comes when ${options.until}, or after five seconds, with \`Preference-Applied: wait=5\`; the status is the same. At most ${MAX_WAIT_SECONDS} seconds. Other preferences are ignored.`,
    schema: { type: 'string', maxLength: 200, example: 'wait=5' },
  });
}
