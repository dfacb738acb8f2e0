import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { ApiSettings } from '#config';

import { RequestErrors } from '../problems/request.errors.js';

/** What a cursor is bound to: with another list, tenant or filter it is refused. */
export interface CursorBinding {
  /** The list's name, such as `clusters`. */
  readonly list: string;
  /** The owner of the list: organization, user. */
  readonly scope: object;
  /** The filters in effect. */
  readonly filters: Readonly<Record<string, unknown>>;
}

/** The sort key of the last row of a page. */
export type CursorPosition = readonly (string | number | boolean | null)[];

const VERSION = 1;
const MAC_BYTES = 16;

const sorted = (record: object): unknown[] =>
  Object.entries(record as Readonly<Record<string, unknown>>)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** Makes and reads cursors: opaque, versioned, bound, and signed with a key derived from the token secret. */
@Injectable()
export class CursorCodec {
  private readonly key: Buffer;

  constructor(settings: ApiSettings) {
    this.key = Buffer.from(hkdfSync('sha256', settings.tokenSecret, '', 'stowage cursor v1', 32));
  }

  encode(binding: CursorBinding, position: CursorPosition): string {
    const payload = Buffer.from(JSON.stringify(position));
    return Buffer.concat([Buffer.from([VERSION]), this.mac(binding, payload), payload]).toString('base64url');
  }

  /** @throws DomainError `REQUEST.INVALID_CURSOR` for anything that `encode` did not make for this binding */
  decode(binding: CursorBinding, cursor: string): CursorPosition {
    const bytes = Buffer.from(cursor, 'base64url');
    const mac = bytes.subarray(1, 1 + MAC_BYTES);
    const payload = bytes.subarray(1 + MAC_BYTES);
    const isOurs =
      bytes[0] === VERSION &&
      mac.length === MAC_BYTES &&
      bytes.toString('base64url') === cursor &&
      timingSafeEqual(mac, this.mac(binding, payload));
    if (!isOurs) {
      throw RequestErrors.INVALID_CURSOR.because();
    }
    return JSON.parse(payload.toString()) as CursorPosition;
  }

  private mac({ list, scope, filters }: CursorBinding, payload: Buffer): Buffer {
    const context = JSON.stringify([VERSION, list, sorted(scope), sorted(filters)]);
    return createHmac('sha256', this.key).update(context).update('\0').update(payload).digest().subarray(0, MAC_BYTES);
  }
}
