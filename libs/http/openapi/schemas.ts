import { type OpenAPIObject } from '@nestjs/swagger';

import { OPEN_EXTENSION } from '../fields/rule.js';
import { isJson, type Json } from './json.js';

/** Replaces `{allOf: [{$ref}], description}` by `{$ref, description}`, which version 3.1 allows. */
export function simplifyReferences(node: unknown): void {
  if (Array.isArray(node)) {
    node.forEach(simplifyReferences);
  } else if (isJson(node)) {
    Object.values(node).forEach(simplifyReferences);
    const only: unknown = Array.isArray(node['allOf']) && node['allOf'].length === 1 ? node['allOf'][0] : undefined;
    if (isJson(only) && typeof only['$ref'] === 'string') {
      node['$ref'] = only['$ref'];
      Reflect.deleteProperty(node, 'allOf');
    }
  }
}

/** Closes schemas against undeclared properties, except open ones. */
export function closeSchemas(node: unknown): void {
  if (Array.isArray(node)) {
    node.forEach(closeSchemas);
  } else if (isJson(node)) {
    if (node['type'] === 'object' && isJson(node['properties'])) {
      node['additionalProperties'] ??= node[OPEN_EXTENSION] === true;
      Reflect.deleteProperty(node, OPEN_EXTENSION);
    }
    Object.entries(node).forEach(([key, value]) => {
      if (!['example', 'examples', 'default', 'enum'].includes(key)) {
        closeSchemas(value);
      }
    });
  }
}

/** Removes the suffix `Dto` from schema names. */
export function renameSchemas(document: OpenAPIObject): OpenAPIObject {
  const text = JSON.stringify(document).replace(/(#\/components\/schemas\/[A-Za-z0-9]+?)Dto"/g, '$1"');
  const renamed = JSON.parse(text) as OpenAPIObject;
  const schemas = renamed.components?.schemas ?? {};
  const entries = Object.entries(schemas).map(([name, schema]) => [name.replace(/Dto$/, ''), schema] as const);
  renamed.components = {
    ...renamed.components,
    schemas: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return renamed;
}

/** Removes the description of shared enumerations, which is that of one use; each use has its own. */
export function removeEnumDescriptions(schemas: Json): void {
  for (const schema of Object.values(schemas).filter(isJson)) {
    if (Array.isArray(schema['enum'])) Reflect.deleteProperty(schema, 'description');
  }
}
