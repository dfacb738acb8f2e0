import leven from 'leven';

import { type DtoClass, type FieldRule, fieldsOf } from './rule.js';

/** Longer names are no typing mistakes; the limit bounds the work. */
const MAX_NAME_LENGTH = 64;

const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

const isSecret = ({ schema }: FieldRule): boolean => 'writeOnly' in schema && schema.writeOnly;

/**
 * The field of a class that an unknown name most likely means: among those that were not sent, the one with the fewest letters to change, at
 * most a third of its own. Secrets are never named: the text beside an unknown name may be one.
 */
export function nearestField(type: DtoClass, name: string, sent: object): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const wanted = plain(name);
  let nearest: string | undefined;
  let least = Infinity;
  for (const [field, rule] of fieldsOf(type)) {
    const known = plain(field);
    const most = Math.floor(known.length / 3);
    if (isSecret(rule) || Object.hasOwn(sent, field) || Math.abs(known.length - wanted.length) > most) continue;
    const distance = leven(wanted, known);
    if (distance <= most && distance < least) [nearest, least] = [field, distance];
  }
  return nearest;
}
