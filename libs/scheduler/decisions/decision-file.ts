import { type DeploymentHistory } from '#deployments';

import { type ChainHead } from './decision-recorder.js';
import { type StoredDecision } from './chain.js';

/** A part of a cluster's decision log, from the database or a file. */
export interface DecisionExcerpt {
  readonly clusterId: string;
  /** The decision before the first of the excerpt. */
  readonly before: ChainHead;
  /** The last decision of the excerpt. */
  readonly head: ChainHead;
  /** What waited or ran meanwhile, where it was asked for. */
  readonly deployments?: readonly DeploymentHistory[];
  readonly decisions: AsyncIterable<StoredDecision> | Iterable<StoredDecision>;
}

/** A file that holds no decision log, with the reason. */
export class UnreadableLog extends Error {}

const FORMAT = 'stowage-decisions-1';

/** The lines of a file with an excerpt: JSON, one value a line. */
export async function* linesOf({ decisions, ...excerpt }: DecisionExcerpt): AsyncGenerator<string> {
  yield `${JSON.stringify({ format: FORMAT, ...excerpt })}\n`;
  for await (const decision of decisions) {
    yield `${JSON.stringify({ ...decision, record: Buffer.from(decision.record).toString('base64') })}\n`;
  }
}

/** Reads a file that {@link linesOf} has written. @throws UnreadableLog */
export function readExcerpt(text: string): DecisionExcerpt {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const { format, ...excerpt } = parsed(first) as { readonly format?: unknown } & Omit<DecisionExcerpt, 'decisions'>;
  if (format !== FORMAT) throw new UnreadableLog(`the first line does not name the format ${FORMAT}`);
  const decisions = rest.map((line) => {
    const { record, ...place } = parsed(line) as Omit<StoredDecision, 'record'> & { readonly record: string };
    return { ...place, record: Buffer.from(record, 'base64') };
  });
  return { ...excerpt, decisions };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new UnreadableLog('a line is no JSON');
  }
}
