import { type EntityManager, type Fragment, rowsOf, sql } from '#database';

import { type ChainHead } from './decision-recorder.js';
import { FIRST_HASH, type StoredDecision } from './chain.js';
import { type DecisionExcerpt } from './decision-file.js';

/** The chain of a cluster as the database has it. */
export interface DecisionHead extends ChainHead {
  readonly passId: string;
  readonly atMs: number;
  /** The last decision that was removed: position 0 and the first hash where all are kept. */
  readonly removed: ChainHead;
  readonly bytes: number;
}

/** How many decisions are read at once. */
const BATCH = 500;

const asBytes = (hash: string): Fragment => sql`decode(${hash}, 'hex')`;

const milliseconds = (column: Fragment): Fragment => sql`(extract(epoch from ${column}) * 1000)::float8`;

/** SQL that selects the head of the chain of the cluster with the id in `cluster` as JSON; null where nothing was recorded. */
export function selectHead(cluster: Fragment): Fragment {
  return sql`(select json_build_object('position', position, 'hash', encode(hash, 'hex'))
              from decision_heads where cluster_id = ${cluster})`;
}

/** SQL that appends a decision to the chain of its cluster, as common table expressions of the statement that writes the record of the pass. */
export function appended(organizationId: string, decision: StoredDecision): Fragment {
  const { clusterId, position, passId, atMs, build, isWhole, record, hash } = decision;
  const at = sql`to_timestamp(${atMs}::float8 / 1000)`;
  return sql`
    logged as (
      insert into pass_decisions (cluster_id, position, organization_id, pass_id, at, build, is_whole, record, hash)
      values (${clusterId}, ${position}, ${organizationId}, ${passId}, ${at}, ${build}, ${isWhole}, ${Buffer.from(record)}::bytea, ${asBytes(hash)})
    ), headed as (
      insert into decision_heads as head (cluster_id, organization_id, position, pass_id, at, hash, bytes, removed_hash)
      values (${clusterId}, ${organizationId}, ${position}, ${passId}, ${at}, ${asBytes(hash)}, ${record.length}, ${asBytes(FIRST_HASH)})
      on conflict (cluster_id) do update set position = excluded.position, pass_id = excluded.pass_id, at = excluded.at,
        hash = excluded.hash, bytes = head.bytes + excluded.bytes
    )`;
}

/** The head of the chain of a cluster; null where nothing was recorded. */
export async function readHead(em: EntityManager, clusterId: string): Promise<DecisionHead | null> {
  const [row] = await rowsOf(
    em,
    sql<Omit<DecisionHead, 'removed'> & { removedPosition: number; removedHash: string }>`
      select position::float8 as position, encode(hash, 'hex') as hash, pass_id as "passId", ${milliseconds(sql`at`)} as "atMs",
             bytes::float8 as bytes, removed_position::float8 as "removedPosition", encode(removed_hash, 'hex') as "removedHash"
      from decision_heads where cluster_id = ${clusterId}`,
  );
  if (row === undefined) return null;
  const { removedPosition, removedHash, ...head } = row;
  return { ...head, removed: { position: removedPosition, hash: removedHash } };
}

/** The decisions that a cluster keeps from the last one that was stored whole before a time, in order, up to the present head; null where none is kept. */
export async function readLog(em: EntityManager, clusterId: string, fromMs: number): Promise<DecisionExcerpt | null> {
  const head = await readHead(em, clusterId);
  if (head === null || head.position === head.removed.position) return null;
  const first = await wholeBefore(em, clusterId, fromMs);
  const before = await linkBefore(em, clusterId, first, head.removed);
  const { position, hash } = head;
  const decisions = decisionsOf(em, clusterId, before.position + 1, position);
  return { clusterId, before, head: { position, hash }, decisions };
}

/** The decisions of a cluster from a position to another, in order. */
async function* decisionsOf(
  em: EntityManager,
  clusterId: string,
  first: number,
  last: number,
): AsyncGenerator<StoredDecision> {
  for (let next = first; next <= last;) {
    const rows = await rowsOf(
      em,
      sql<StoredDecision>`
        select cluster_id as "clusterId", position::float8 as position, pass_id as "passId", ${milliseconds(sql`at`)} as "atMs", build,
               is_whole as "isWhole", record, encode(hash, 'hex') as hash
        from pass_decisions where cluster_id = ${clusterId} and position between ${next} and ${last}
        order by cluster_id, position limit ${BATCH}`,
    );
    yield* rows;
    if (rows.length < BATCH) return;
    next = (rows.at(-1)?.position ?? last) + 1;
  }
}

/** The position of the last decision that is stored whole and was made no later than a time; without one, 1. */
async function wholeBefore(em: EntityManager, clusterId: string, atMs: number): Promise<number> {
  const rows = await rowsOf(
    em,
    sql<{ position: number }>`
      select position::float8 as position from pass_decisions
      where cluster_id = ${clusterId} and is_whole and at <= to_timestamp(${atMs}::float8 / 1000)
      order by cluster_id desc, position desc limit 1`,
  );
  return rows[0]?.position ?? 1;
}

/** The link before a position: of a kept decision, or of the last one that was removed. */
async function linkBefore(
  em: EntityManager,
  clusterId: string,
  position: number,
  removed: ChainHead,
): Promise<ChainHead> {
  const rows = await rowsOf(
    em,
    sql<ChainHead>`
      select position::float8 as position, encode(hash, 'hex') as hash from pass_decisions
      where cluster_id = ${clusterId} and position = ${position - 1}`,
  );
  return rows[0] ?? removed;
}
