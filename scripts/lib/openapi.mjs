import { mkdirSync, writeFileSync } from 'node:fs';

import { inProject } from './project.mjs';

/** Writes the API's document as the build serves it. @returns {Promise<string>} where it lies */
export async function writeDocument() {
  const { renderOpenApi } = await import(inProject('dist', 'apps', 'api', 'document.js'));
  mkdirSync(inProject('.cache'), { recursive: true });
  const file = inProject('.cache', 'openapi.json');
  writeFileSync(file, await renderOpenApi());
  return file;
}
