import { join, resolve } from 'node:path';

import ts from 'typescript';

/** A value that is data, and the exported type that it should have. */
export interface TypedLiteral {
  readonly name: string;
  readonly module: string;
  readonly type: string;
  readonly value: unknown;
}

/** The folder whose packages have the types. */
const CHECKS = resolve('deploy/checks');

/**
 * Holds data against types of packages in deploy/checks, written out as literals: unknown properties and wrong values are errors, as if
 * the data were typed by hand.
 *
 * @returns what the compiler says, each with the name of the value
 */
export function typeErrors(literals: readonly TypedLiteral[]): string[] {
  const sources = new Map(
    literals.map(({ name, module, type, value }) => [
      join(CHECKS, `${name}.check.ts`),
      `import type { ${type} } from '${module}';\nexport const it: ${type} = ${JSON.stringify(value, null, 1)};\n`,
    ]),
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const withSources: ts.CompilerHost = {
    ...host,
    fileExists: (path) => sources.has(path) || host.fileExists(path),
    getSourceFile: (path, version, ...rest) => {
      const text = sources.get(path);
      return text === undefined ? host.getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version);
    },
  };
  const program = ts.createProgram([...sources.keys()], options, withSources);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const name = file?.fileName.replace(`${CHECKS}/`, '').replace('.check.ts', '') ?? '';
    return `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
