import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

/** The longest wait, in seconds. */
export const MAX_WAIT_SECONDS = 20;

const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=[,;]|$)/i;

/** How long a client prefers to wait for a later state (RFC 7240, section 4.3). */
export class WaitPreference {
  constructor(
    /** null: no preference */
    readonly seconds: number | null,
    private readonly reply: Pick<FastifyReply, 'header'>,
  ) {}

  /** Reads a `Prefer` header. An unknown preference is ignored, as the standard demands. */
  static parse(header: string | readonly string[] | undefined, reply: Pick<FastifyReply, 'header'>): WaitPreference {
    const seconds = WAIT.exec([header ?? ''].flat().join().slice(0, 200))?.[1];
    return new WaitPreference(seconds === undefined ? null : Math.min(Number(seconds), MAX_WAIT_SECONDS), reply);
  }

  /** Marks the answer as one that was waited for. */
  markApplied(): void {
    if (this.seconds !== null) void this.reply.header('preference-applied', `wait=${this.seconds}`);
  }
}

/** Documents that a route supports `Prefer: wait=...`; `KeyedRequest.waitPreference` reads it. */
export function PreferWait(options: {
  /** The awaited condition: "it is scheduled". */
  readonly until: string;
}): MethodDecorator {
  return ApiHeader({
    name: 'Prefer',
    required: false,
    description: `\`wait=5\`: the answer is sent when ${options.until}, or after five seconds, with \`Preference-Applied: wait=5\`; the status is the same. At most ${MAX_WAIT_SECONDS} seconds. Other preferences are ignored.`,
    schema: { type: 'string', maxLength: 200, example: 'wait=5' },
  });
}
