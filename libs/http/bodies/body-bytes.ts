import { Injectable } from '@nestjs/common';
import { Gauge, register } from 'prom-client';

import { Settings } from '#config';

import { RequestErrors } from '../problems/request.errors.js';

const METRIC = 'stowage_http_body_bytes';
const MIB = 1024 * 1024;
const RETRY_AFTER_SECONDS = 1;

/** A body from this size, in bytes, is a big one: it takes a place among those of its account, and is processed in slices. */
export const BIG_BODY_BYTES = 64 * 1024;

/** The bytes of one request's body that are in memory. */
export interface BodyLease {
  /** Counts more bytes. @throws DomainError REQUEST.TOO_MANY, REQUEST.BUSY: they must not be kept */
  add(bytes: number): void;
  /** Ends the count; later calls of both do nothing. */
  release(): void;
}

/** Limits the bytes of bodies in memory: of each account, of all requests without one, and of big bodies in all. */
@Injectable()
export class BodyBytes {
  private readonly byAccount = new Map<string, number>();
  private anonymous = 0;
  private big = 0;

  constructor(private readonly settings: Settings) {
    register.removeSingleMetric(METRIC);
    const bytes = (): Record<string, number> => ({ anonymous: this.anonymous, big: this.big });
    new Gauge({
      name: METRIC,
      help: 'Bytes of bodies in memory: of requests without a principal, and of bodies over 64 KiB.',
      labelNames: ['kind'],
      collect() {
        for (const [kind, value] of Object.entries(bytes())) this.set({ kind }, value);
      },
    });
  }

  /** Begins the count of a body. @param account undefined: the request has no principal */
  lease(account: string | undefined): BodyLease {
    let held = 0;
    let bigHeld = 0;
    let isReleased = false;
    return {
      add: (bytes) => {
        // What arrives for a request that has ended is not kept.
        if (isReleased) return;
        const bigMore = held + bytes > BIG_BODY_BYTES ? held + bytes - bigHeld : 0;
        this.assertRoom(account, bytes, bigMore);
        held += bytes;
        bigHeld += bigMore;
        this.change(account, bytes, bigMore);
      },
      release: () => {
        this.change(account, -held, -bigHeld);
        held = 0;
        bigHeld = 0;
        isReleased = true;
      },
    };
  }

  private assertRoom(account: string | undefined, bytes: number, bigBytes: number): void {
    const { bodyMibPerAccount, bodyMibAnonymous, bodyMibTotal } = this.settings;
    const facts = { retryAfterSeconds: RETRY_AFTER_SECONDS, limit: 'body-bytes' };
    if (account === undefined) {
      if (this.anonymous + bytes > bodyMibAnonymous * MIB) throw RequestErrors.BUSY.because(undefined, facts);
    } else if ((this.byAccount.get(account) ?? 0) + bytes > bodyMibPerAccount * MIB) {
      const detail = 'The bodies of your requests in progress are too large together.';
      throw RequestErrors.TOO_MANY.because(detail, facts);
    }
    if (bigBytes > 0 && this.big + bigBytes > bodyMibTotal * MIB) throw RequestErrors.BUSY.because(undefined, facts);
  }

  private change(account: string | undefined, bytes: number, bigBytes: number): void {
    this.big += bigBytes;
    if (account === undefined) {
      this.anonymous += bytes;
      return;
    }
    const own = (this.byAccount.get(account) ?? 0) + bytes;
    if (own === 0) this.byAccount.delete(account);
    else this.byAccount.set(account, own);
  }
}
