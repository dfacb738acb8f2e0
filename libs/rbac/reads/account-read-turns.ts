import { type ExecutionContext, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { type Actor } from '#auth';
import { FairTurns, type TurnOwner } from '#background';
import { Database } from '#database';
import { ReadTurns, RequestErrors } from '#http';

/** The most reads of one account that wait for their turn. */
const WAITING_OF_ACCOUNT = 32;

/** The most reads that wait in all. Beyond it, an account that has none waiting is accepted. */
const WAITING_OF_ALL = 256;

/** What turns need of a request and its answer. */
interface ReadRequest {
  readonly user: Actor | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface ReadReply {
  readonly raw: {
    once(event: 'close', act: () => void): unknown;
    off(event: 'close', act: () => void): unknown;
  };
}

/**
 * Lets lists and reports take turns, account by account, and read on connections of their own: the heaviest lists of one account delay
 * neither the sign-in nor the reads of another. One account runs at most half of them.
 */
@Injectable()
export class AccountReadTurns extends ReadTurns implements OnApplicationShutdown {
  private readonly turns: FairTurns;

  constructor(private readonly database: Database) {
    super();
    const slots = Math.max(2, database.readConnections);
    this.turns = new FairTurns({
      slots,
      runningOfAccount: Math.max(1, Math.floor(slots / 2)),
      waitingOfAccount: WAITING_OF_ACCOUNT,
      waitingOfAll: WAITING_OF_ALL,
    });
    this.turns.open();
  }

  override async run<T>(context: ExecutionContext, read: () => Promise<T>): Promise<T> {
    const http = context.switchToHttp();
    const { user, headers } = http.getRequest<ReadRequest>();
    // A stream of events begins with one short read, and lasts.
    if (user === undefined || String(headers['accept']).includes('text/event-stream')) return read();
    const owner = { accountId: user.accountId, organizationId: user.organizationId ?? user.id };
    return this.inTurn(owner, http.getResponse<ReadReply>(), read);
  }

  onApplicationShutdown(): void {
    this.turns.close();
  }

  private async inTurn<T>(owner: TurnOwner, { raw }: ReadReply, read: () => Promise<T>): Promise<T> {
    const turn = this.turns.enter(owner);
    if (turn === null) throw tooManyReads();
    // A caller that leaves gives its place up; a read that runs keeps its slot until it has ended.
    const leave = (): void => turn.end();
    raw.once('close', leave);
    try {
      if (!(await turn.admitted)) throw tooManyReads();
      raw.off('close', leave);
      return await this.database.reading(read);
    } finally {
      turn.end();
    }
  }
}

function tooManyReads(): Error {
  const detail = `At most ${WAITING_OF_ACCOUNT} lists and reports of an account wait for their turn: send fewer at a time.`;
  return RequestErrors.TOO_MANY.because(detail, { waitingLimit: WAITING_OF_ACCOUNT, retryAfterSeconds: 1 });
}
