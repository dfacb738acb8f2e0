import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { ApiSettings } from '#config';
import { changesOf, constraintOf, Database, type EntityManager, rowsOf, sql } from '#database';

import { RequestErrors } from '../problems/request.errors.js';
import { versionOf, withEntityTag } from '../versions/entity-tag.js';
import { AnswerSeal } from './answer-seal.js';
import { type KeyedRequest } from './idempotency-key.js';

/** How long a request waits for an earlier one with the same key. */
const MAX_WAIT_MS = 2_000;

/** How often a request checks whether the earlier one, in another process, has ended. */
const LOOK_EVERY_MS = 50;

/** A stored answer. */
interface Kept {
  /** The digest of the request that it answers. */
  readonly digest: Buffer;
  readonly body: object;
  /** The version of the resource, where the answer has an entity tag. */
  readonly version: number | null;
}

/** The result of one attempt: a new answer, a stored one, or `busy` while another process runs the request. */
type Outcome<T> = { readonly answer: T; readonly kept: Kept } | { readonly kept: Kept } | 'busy';

interface AnswerRow {
  readonly isMine: boolean;
  readonly digest: Buffer | null;
  readonly answer: Buffer | null;
}

/**
 * Runs a request once per key, and repeats its first answer.
 *
 * The answer is written in the transaction of the effect: a crash leaves both or neither, and a refused request leaves nothing. Requests with
 * the same key wait for the first one: in this process for its promise, in another by polling. Neither occupies a connection.
 */
@Injectable()
export class Idempotency {
  private readonly seal: AnswerSeal;
  /** Requests with a key that run in this process; refused ones resolve to undefined. */
  private readonly underway = new Map<string, Promise<Kept | undefined>>();

  constructor(
    private readonly database: Database,
    settings: ApiSettings,
  ) {
    this.seal = new AnswerSeal(settings.tokenSecret);
  }

  /**
   * The answer of `work`, or the stored answer to the same request under the same key.
   *
   * All database access of `work` becomes one transaction, which may be retried: `work` must have no other effects.
   *
   * @param principalId the caller: keys of different principals are independent
   * @throws REQUEST.IDEMPOTENCY_KEY_REUSED, REQUEST.IDEMPOTENCY_KEY_BUSY, REQUEST.IDEMPOTENT_ANSWER_LOST, and what `work` throws
   */
  async once<T extends object>(request: KeyedRequest, principalId: string, work: () => Promise<T>): Promise<T> {
    const { key, target } = request;
    if (key === undefined) return work();
    const id = createHash('sha256')
      .update(JSON.stringify([principalId, target, key]))
      .digest();
    const name = id.toString('base64');
    const untilMs = performance.now() + MAX_WAIT_MS;
    for (;;) {
      // 1. Wait for an earlier request in this process.
      const earlier = this.underway.get(name);
      if (earlier !== undefined) {
        const kept = await inTime(earlier, untilMs);
        if (kept !== undefined) return replay(request, kept) as T;
        continue;
      }

      // 2. Try. Nothing was awaited since the check above, so no other request of this process tries.
      const attempt = this.attempt(request, key, id, work);
      this.underway.set(name, keptBy(attempt));
      const outcome = await attempt.finally(() => this.underway.delete(name));
      if (outcome !== 'busy') return 'answer' in outcome ? outcome.answer : (replay(request, outcome.kept) as T);

      // 3. Another process runs the request.
      if (performance.now() >= untilMs) throw busy();
      await sleep(LOOK_EVERY_MS);
    }
  }

  private async attempt<T extends object>(
    request: KeyedRequest,
    key: string,
    id: Buffer,
    work: () => Promise<T>,
  ): Promise<Outcome<T>> {
    try {
      return await this.database.asOne(async (tx): Promise<Outcome<T>> => {
        const { isMine, digest, answer: sealed } = await look(tx, id);
        if (digest !== null && sealed !== null) return { kept: await this.open(key, digest, sealed) };
        if (!isMine) return 'busy';
        const answer = await work();
        const kept = { digest: request.digest(), body: answer, version: versionOf(answer) ?? null };
        const { body, version } = kept;
        const sealedAnswer = await this.seal.seal(key, { body, version });
        await changesOf(
          tx,
          sql`insert into idempotent_answers (id, request_digest, answer) values (${id}, ${kept.digest}, ${sealedAnswer})`,
        );
        return { answer, kept };
      });
    } catch (error) {
      // Another process committed between our read and our lock: its answer is stored now.
      if (constraintOf(error) === 'idempotent_answers_pkey') return 'busy';
      throw error;
    }
  }

  private async open(key: string, digest: Buffer, sealed: Buffer): Promise<Kept> {
    const opened = await this.seal.open(key, sealed);
    if (opened === undefined) throw RequestErrors.IDEMPOTENT_ANSWER_LOST.because();
    return { digest, ...(opened as Omit<Kept, 'digest'>) };
  }
}

/** Reads the stored answer of a key and tries to lock the key until the transaction ends. */
async function look(tx: EntityManager, id: Buffer): Promise<AnswerRow> {
  const [row] = await rowsOf(
    tx,
    sql<AnswerRow>`
      select pg_try_advisory_xact_lock(${id.readBigInt64BE().toString()}::bigint) as "isMine", a.request_digest as digest, a.answer
      from (select 1) one left join idempotent_answers a on a.id = ${id}`,
  );
  if (row === undefined) throw new Error('a select without a condition returned nothing');
  return row;
}

/** @throws REQUEST.IDEMPOTENCY_KEY_REUSED when the stored answer belongs to another request */
function replay(request: KeyedRequest, { digest, body, version }: Kept): object {
  if (!digest.equals(request.digest())) throw RequestErrors.IDEMPOTENCY_KEY_REUSED.because();
  request.markReplayed();
  // Each request gets a copy: several may be answered at once.
  const answer = { ...body };
  return version === null ? answer : withEntityTag(answer, version);
}

async function keptBy(attempt: Promise<Outcome<object>>): Promise<Kept | undefined> {
  try {
    const outcome = await attempt;
    return outcome === 'busy' ? undefined : outcome.kept;
  } catch {
    return undefined;
  }
}

async function inTime<T>(promise: Promise<T>, untilMs: number): Promise<T> {
  const timer = new AbortController();
  const timeout = sleep(Math.max(untilMs - performance.now(), 0), undefined, { signal: timer.signal }).then(() => {
    throw busy();
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    timer.abort();
    timeout.catch(() => undefined);
  }
}

function busy(): Error {
  return RequestErrors.IDEMPOTENCY_KEY_BUSY.because(undefined, { retryAfterSeconds: 1 });
}
