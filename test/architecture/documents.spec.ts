import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { renderEnvExample } from '#config';

import { documents } from './support/documents.js';
import { PROJECT } from './support/temporary-tree.js';

/** What is found in documents, each with where it was found. */
function found(pattern: RegExp): { readonly where: string; readonly what: RegExpExecArray }[] {
  return documents().flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(pattern)].map((what) => ({ where: relative(PROJECT, path), what })),
  );
}

/** Those of which something is not true, in words. */
const untrue = (pattern: RegExp, isTrue: (what: RegExpExecArray) => boolean): string[] => {
  const all = found(pattern);
  expect(all.length).toBeGreaterThan(0);
  return all.filter(({ what }) => !isTrue(what)).map(({ where, what }) => `${where}: ${what[0]}`);
};

/** All our code, as one text. */
const code = (): string =>
  ['libs', 'apps', 'scripts']
    .flatMap((folder) => readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true }))
    .filter(({ name, parentPath }) => /\.(ts|mjs)$/.test(name) && !/node_modules|generated|dist/.test(parentPath))
    .map(({ name, parentPath }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');

describe('documents', () => {
  it('names only settings that exist', () => {
    const example = renderEnvExample();
    const isKnown = ([, name = '']: RegExpExecArray): boolean =>
      example.includes(`\n# ${name}`) || example.includes(`\n${name}`) || example.includes(`${name}\n`);
    expect(untrue(/`(STOWAGE_(?!TEST_)[A-Z0-9_]+?)(?:_FILE|_?\*)?(?:=[^`]*)?`/g, isKnown)).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { scripts: object };
    expect(untrue(/npm run (?:--silent |-s )?([a-z][a-z:-]*)/g, ([, name = '']) => name in scripts)).toEqual([]);
  });

  it('names only files that exist', () => {
    const paths =
      /(?<![\w./-])((?:apps|bench|deploy|docker|docs|libs|scripts|test)\/[\w./-]+\.(?:ts|mjs|md|yaml|json|sh))\b/g;
    expect(untrue(paths, ([, path = '']) => existsSync(join(PROJECT, path)))).toEqual([]);
  });

  it('describes every success of the API by its meaning', () => {
    const { paths } = JSON.parse(readFileSync(join(PROJECT, 'docs', 'openapi.json'), 'utf8')) as {
      paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
    };
    const successes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.entries(responses)
          .filter(([status]) => status.startsWith('2'))
          .map(([, { description }]) => ({ route: `${method.toUpperCase()} ${path}`, description })),
      ),
    );
    expect(successes.length).toBeGreaterThan(0);
    const isEmpty = (text: string): boolean => /^(success|ok|done|created)\b/i.test(text) || text.length < 15;
    expect(successes.filter(({ description }) => isEmpty(description))).toEqual([]);
  });

  it('names only routes of the API document', () => {
    const { paths } = JSON.parse(readFileSync(join(PROJECT, 'docs', 'openapi.json'), 'utf8')) as {
      paths: Record<string, object>;
    };
    const plain = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');
    const known = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${plain(path)}`),
    );
    const isKnown = ([, method = '', path = '']: RegExpExecArray): boolean => {
      const [, rest] = /^\.\.\.(.*)$/.exec(plain(path)) ?? [];
      const [wanted, isMatch] =
        rest === undefined
          ? [plain(path), (route: string) => route === `${method} ${plain(path)}`]
          : [rest, (route: string) => route.startsWith(`${method} `) && route.endsWith(rest)];
      return /^\/(docs|redoc|openapi)/.test(wanted) || known.some(isMatch);
    };
    expect(untrue(/`(GET|POST|PUT|PATCH|DELETE) ((?:\.\.\.)?\/[^\s`?]*)/g, isKnown)).toEqual([]);
  });

  it('quotes only log lines that the code writes', () => {
    const text = code();
    // A background task logs its name: `a sweep failed`.
    const isOfTask = (line: string): boolean =>
      line.endsWith(' failed') && text.includes(`name: '${line.slice(0, -' failed'.length)}'`);
    const isWritten = ([, line = '']: RegExpExecArray): boolean =>
      isOfTask(line) || line.split(' ... ').every((part) => text.includes(part.trim()));
    expect(untrue(/\b[Ll]og(?: has a line)?\s+`([^`]+)`/g, isWritten)).toEqual([]);
  });
});
