import { type DtoClass } from '../fields/rule.js';
import { type JsonLines } from './json-lines.js';

const takers = new WeakSet<DtoClass>();

/** A body that may also come as JSON lines: then it has nothing but them. */
export interface AsLines {
  readonly lines?: JsonLines;
}

/** Lets the body of a class come as JSON lines as well. */
export function AlsoAsLines(): (type: DtoClass<AsLines & object>) => void {
  return (type) => {
    takers.add(type);
  };
}

/** Whether bodies of a class may come as lines. */
export function takesLines(type: DtoClass): boolean {
  return takers.has(type);
}
