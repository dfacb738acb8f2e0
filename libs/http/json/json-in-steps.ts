import { type Steps } from '../bodies/turns.js';

/** The text that `JSON.stringify` makes of an object, with a pause after each item of a list in one of its fields. */
export function* jsonInSteps(value: object): Steps<string> {
  const fields: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    if (Array.isArray(field)) {
      const items: string[] = [];
      for (const item of field) {
        const text: unknown = JSON.stringify(item);
        items.push(typeof text === 'string' ? text : 'null');
        yield;
      }
      fields.push(`${JSON.stringify(name)}:[${items.join(',')}]`);
    } else {
      const text = JSON.stringify(field) as string | undefined;
      if (text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
    }
  }
  return `{${fields.join(',')}}`;
}
