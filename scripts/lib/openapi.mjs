import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { inProject } from './project.mjs';

/** Writes the API's document as the build serves it. @returns {Promise<string>} where it lies */
export async function writeDocument() {
  const { renderOpenApi } = await import(inProject('dist', 'apps', 'api', 'document.js'));
  mkdirSync(inProject('.cache'), { recursive: true });
  const file = inProject('.cache', 'openapi.json');
  writeFileSync(file, await renderOpenApi());
  return file;
}

/** Writes the same API as Swagger UI reads it, beside its document. @returns {Promise<string>} where it lies */
export async function writeDocument30(document) {
  const { asOpenApi30 } = await import(inProject('dist', 'libs', 'http', 'openapi', 'version-3-0.js'));
  const file = document.replace(/\.json$/, '-3.0.json');
  writeFileSync(file, JSON.stringify(asOpenApi30(JSON.parse(readFileSync(document, 'utf8')))));
  return file;
}
