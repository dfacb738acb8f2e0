import { isJson, type Json } from './json.js';

/**
 * Moves the defaults of fields into their descriptions. Generators of clients disagree about a `default`: some take it for a promise that the
 * field is there, and then require it in bodies, where it may be left out. Parameters keep theirs, about which they agree.
 */
export function describeDefaults(schemas: Json): void {
  for (const schema of Object.values(schemas).filter(isJson)) {
    const properties = isJson(schema['properties']) ? schema['properties'] : {};
    Object.values(properties).filter(isJson).forEach(describeDefault);
  }
}

function describeDefault(field: Json): void {
  if (field['default'] === undefined) return;
  const { description } = field;
  const told = `Default: \`${JSON.stringify(field['default'])}\`.`;
  field['example'] ??= field['default'];
  field['description'] = typeof description === 'string' ? `${description} ${told}` : told;
  Reflect.deleteProperty(field, 'default');
}
