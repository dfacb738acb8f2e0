import { type IncomingMessage, type ServerResponse } from 'node:http';

import { Injectable } from '@nestjs/common';

import { BigBodies } from './big-bodies.js';
import { BodyBytes, type BodyLease } from './body-bytes.js';
import { Turns } from './turns.js';

/** The most bytes of a body whose request has no principal: that of a sign-in, a registration, a code. */
export const ANONYMOUS_BODY_BYTES = 16 * 1024;

/** The request of a body. */
export interface BodyRequest {
  readonly raw: IncomingMessage;
  /** The account for which limits are counted; undefined where no guard has found a principal. */
  readonly account: string | undefined;
  /** Undefined in tests that inject requests. */
  readonly answer: ServerResponse | undefined;
}

/** What a request is allowed for its body, until it is answered. */
export interface Admission {
  readonly lease: BodyLease;
  /** Waits for a place for a big body. @throws DomainError REQUEST.TOO_MANY, REQUEST.BUSY */
  readonly enter: () => Promise<void>;
  /** Ends a body that is no longer in memory. A big one ends when its request is answered. */
  readonly leave: () => void;
}

/** Admits bodies: the bytes and places of each request's account. */
@Injectable()
export class BodyIntake {
  constructor(
    readonly turns: Turns,
    private readonly bytes: BodyBytes,
    private readonly places: BigBodies,
  ) {}

  /** Begins a body, and asks the client for it where the client waits to be asked. */
  begin({ raw, account, answer }: BodyRequest): Admission {
    const lease = this.bytes.lease(account);
    let isBig = false;
    const enter = async (): Promise<void> => {
      isBig = true;
      const free = await this.places.enter(account ?? '');
      const end = (): void => {
        free();
        lease.release();
      };
      if (answer === undefined || answer.closed || answer.destroyed) end();
      else answer.once('close', end);
    };
    const leave = (): void => {
      if (!isBig) lease.release();
    };
    if (raw.headers.expect !== undefined) answer?.writeContinue();
    return { lease, enter, leave };
  }
}
