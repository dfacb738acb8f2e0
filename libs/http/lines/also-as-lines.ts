import { type DtoClass } from '../fields/rule.js';
import { type JsonLines } from './json-lines.js';

const takers = new WeakSet<DtoClass>();

/** A body that may also be sent as JSON lines: it then has no other field. */
export interface AsLines {
  readonly lines?: JsonLines;
}

/** Allows the body of a class to be sent as JSON lines as well. */
export function AlsoAsLines(): (type: DtoClass<AsLines & object>) => void {
  return (type) => {
    takers.add(type);
  };
}

/** Whether bodies of a class may be sent as lines. */
export function takesLines(type: DtoClass): boolean {
  return takers.has(type);
}
