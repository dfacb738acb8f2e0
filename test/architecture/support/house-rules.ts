import ts from 'typescript';

import { type Files } from './temporary-tree.js';
import { TEST_VERBS } from './test-verbs.js';

/** What one rule says of a tree: one line for each violation, beginning with the file. */
export interface HouseRule {
  readonly name: string;
  readonly violations: (files: Files) => readonly string[];
}

const MAX_LINES = 70;
const MAX_DEPENDENCIES = 7;

const parsed = new Map<string, ts.SourceFile>();

/** The syntax tree of a text, parsed once however many rules ask. */
function syntaxOf(path: string, text: string): ts.SourceFile {
  const known = parsed.get(path);
  if (known?.text === text) return known;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true);
  parsed.set(path, source);
  return source;
}

/** Every node of a tree, parents first. */
function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

const isSpec = (path: string): boolean => path.endsWith('.spec.ts');
const isProduct = (path: string): boolean =>
  /^(libs|apps)\//.test(path) && !isSpec(path) && !path.includes('/testing/');

function lineOf(node: ts.Node, position = node.getStart()): number {
  return node.getSourceFile().getLineAndCharacterOfPosition(position).line + 1;
}

/** A rule that looks at one node of one TypeScript file after the other. */
function perNode(
  name: string,
  applies: (path: string) => boolean,
  find: (node: ts.Node, path: string) => string | undefined,
): HouseRule {
  const violations = (files: Files): readonly string[] =>
    Object.entries(files)
      .filter(([path]) => path.endsWith('.ts') && applies(path))
      .flatMap(([path, text]) =>
        [...nodesOf(syntaxOf(path, text))].flatMap((node) => {
          const found = find(node, path);
          return found === undefined ? [] : [`${path}:${lineOf(node)} ${found}`];
        }),
      );
  return { name, violations };
}

function isController(node: ts.ClassDeclaration): boolean {
  return (ts.getDecorators(node) ?? []).some(
    ({ expression }) => ts.isCallExpression(expression) && expression.expression.getText() === 'Controller',
  );
}

const dependencies = perNode(`a constructor takes at most ${MAX_DEPENDENCIES} dependencies`, isProduct, (node) =>
  ts.isConstructorDeclaration(node) && node.parameters.length > MAX_DEPENDENCIES
    ? `takes ${node.parameters.length}`
    : undefined,
);

const controllersByName = perNode('a controller lives in x.controller.ts', isProduct, (node, path) =>
  ts.isClassDeclaration(node) && isController(node) && !path.endsWith('.controller.ts')
    ? `declares the controller ${node.name?.text ?? ''}`
    : undefined,
);

const oneStatement = perNode(
  'a method of a controller is one statement',
  (path) => path.endsWith('.controller.ts'),
  (node) => {
    if (!ts.isMethodDeclaration(node) || node.body === undefined) return undefined;
    const [statement, ...more] = node.body.statements;
    if (statement === undefined || more.length > 0) return `${node.name.getText()} has ${node.body.statements.length}`;
    const isOne = ts.isReturnStatement(statement) || ts.isExpressionStatement(statement);
    return isOne ? undefined : `${node.name.getText()} branches: that is a decision of the service`;
  },
);

const noForwardRef = perNode(
  'forwardRef is banned',
  () => true,
  (node) => (ts.isIdentifier(node) && node.text === 'forwardRef' ? 'names it' : undefined),
);

/** The callback of `describe` is a chapter of a spec, not a function. */
function isChapter(node: ts.Node): boolean {
  return (
    ts.isCallExpression(node.parent) &&
    /^describe(\.|$)/.test(node.parent.expression.getText()) &&
    isSpec(node.getSourceFile().fileName)
  );
}

const functionLength = perNode(
  `a function has at most ${MAX_LINES} lines`,
  () => true,
  (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined || isChapter(node)) return undefined;
    const length = lineOf(node, node.getEnd()) - lineOf(node) + 1;
    return length > MAX_LINES ? `has ${length}` : undefined;
  },
);

/** The names that a lib's front door takes from files of entities. */
function entitiesOf(frontDoor: string, text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of syntaxOf(frontDoor, text).statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
    if (!/\.entity\.js['"]$/.test(statement.moduleSpecifier.getText())) continue;
    if (statement.exportClause === undefined) names.add('*');
    else if (ts.isNamedExports(statement.exportClause)) {
      for (const { name } of statement.exportClause.elements) names.add(name.text);
    }
  }
  return names;
}

const entitiesAtHome: HouseRule = {
  name: 'a DTO imports no entity of another lib',
  violations: (files) =>
    Object.entries(files)
      .filter(([path]) => path.endsWith('.dto.ts'))
      .flatMap(([path, text]) => syntaxOf(path, text).statements.map((statement) => ({ path, statement })))
      .flatMap(({ path, statement }) => {
        if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
        const frontDoor = `libs/${statement.moduleSpecifier.text.slice(1)}/index.ts`;
        const entities = entitiesOf(frontDoor, files[frontDoor] ?? '');
        const bindings = statement.importClause?.namedBindings;
        const elements = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
        return elements
          .map(({ name, propertyName }) => (propertyName ?? name).text)
          .filter((name) => entities.has(name) || entities.has('*'))
          .map((name) => `${path}:${lineOf(statement)} imports ${name}`);
      }),
};

/** The libs of another language, whose packages have a front door of their own. */
const NOT_TYPESCRIPT = new Set(['sdk-python']);

const libsDescribed: HouseRule = {
  name: 'a lib has an index.ts and a README with text',
  violations: (files) => {
    const libs = new Set(Object.keys(files).flatMap((path) => /^libs\/([^/]+)\//.exec(path)?.[1] ?? []));
    return [...libs].flatMap((lib) => [
      ...(!NOT_TYPESCRIPT.has(lib) && (files[`libs/${lib}/index.ts`] ?? '').trim() === ''
        ? [`libs/${lib}/index.ts is missing`]
        : []),
      ...(/^# \S.*\n\s*\S/.test(files[`libs/${lib}/README.md`] ?? '') ? [] : [`libs/${lib}/README.md has no text`]),
    ]);
  },
};

const migrationsRegistered: HouseRule = {
  name: 'every migration is registered',
  violations: (files) => {
    const folder = 'libs/database/migrations/';
    const list = files[`${folder}index.ts`] ?? '';
    return Object.keys(files)
      .filter((path) => /^libs\/database\/migrations\/[0-9]{4}-[^/]+\.ts$/.test(path) && !isSpec(path))
      .filter((path) => !list.includes(`'./${path.slice(folder.length, -'.ts'.length)}.js'`))
      .map((path) => `${path} is not in ${folder}index.ts`);
  },
};

/** Words that hide what a sentence is about. */
const FORBIDDEN_WORDS = /\b(who(m)?ever|some(body|one)|nobody|whom|so many)\b/i;

/** The files that define and test the rule on words. */
const DEFINES_FORBIDDEN_WORDS = /^test\/architecture\/(support|violations)\/house-rules\.ts$/;

const plainWords: HouseRule = {
  name: 'text names what it speaks of: a deployment, a user, a number',
  violations: (files) =>
    Object.entries(files)
      .filter(([path]) => !DEFINES_FORBIDDEN_WORDS.test(path))
      .flatMap(([path, text]) =>
        text.split('\n').flatMap((line, index) => {
          const [word] = FORBIDDEN_WORDS.exec(line) ?? [];
          return word === undefined ? [] : [`${path}:${index + 1} says "${word}"`];
        }),
      ),
};

/** The title of a test, where it is written as text: `it('...')`, `it.each(...)('...')`, `test('...')`. */
function testTitle(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [title] = node.arguments;
  if (title === undefined || !/^(it|test)\b/.test(node.expression.getText())) return undefined;
  if (ts.isStringLiteralLike(title)) return title.text;
  return ts.isTemplateExpression(title) ? title.getText().slice(1, -1) : undefined;
}

const testTitles = perNode('the title of a test is a sentence that begins with a verb', isSpec, (node) => {
  const title = testTitle(node);
  if (title === undefined) return undefined;
  const [first = ''] = title.split(' ');
  if (!TEST_VERBS.has(first)) return `"${title}" begins with "${first}", which is no verb of test-verbs.ts`;
  const [vague] = /\b(it|so(?! that))\b/.exec(title) ?? [];
  return vague === undefined ? undefined : `"${title}" says "${vague}" without a noun`;
});

/** The libs' files that belong to production, with the folder of the lib that each lies in; '' is the lib's root. */
function libFiles(files: Files): readonly { lib: string; folder: string; path: string; text: string }[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const [, lib, folder = ''] = /^libs\/([^/]+)\/(?:([^/]+)\/)?/.exec(path) ?? [];
    return lib === undefined ? [] : [{ lib, folder, path, text }];
  });
}

/** Files at a lib's root that compose the lib, and therefore import every folder of it. */
const COMPOSES = /^libs\/[^/]+\/([^/]+\.(module|entities|tables)|index|processor|writer)\.ts$/;

/** The folders of its own lib that a file imports. */
function ownFolders(path: string, text: string, lib: string): readonly string[] {
  return syntaxOf(path, text).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier: target } = statement;
    if (target === undefined || !ts.isStringLiteral(target) || !target.text.startsWith('.')) return [];
    const [, imported, folder = ''] =
      /^\/libs\/([^/]+)\/(?:([^/]+)\/)?/.exec(new URL(target.text, `file:///${path}`).pathname) ?? [];
    return imported === lib ? [folder] : [];
  });
}

const foldersOneWay: HouseRule = {
  name: 'two folders of a lib do not import each other',
  violations: (files) => {
    const imports = libFiles(files)
      .filter(({ path }) => path.endsWith('.ts') && isProduct(path) && !COMPOSES.test(path))
      .flatMap(({ lib, folder, path, text }) =>
        ownFolders(path, text, lib).map((target) => ({ path, from: `${lib}/${folder}`, to: `${lib}/${target}` })),
      );
    const edges = new Set(imports.map(({ from, to }) => `${from} ${to}`));
    const found = imports.filter(({ from, to }) => from < to && edges.has(`${to} ${from}`));
    return [...new Set(found.map(({ path, to }) => `${path} imports ${to}, which imports its folder`))];
  },
};

const MAX_ROOT_FILES = 12;

const rootSize: HouseRule = {
  name: `a lib has at most ${MAX_ROOT_FILES} files at its root`,
  violations: (files) => {
    const roots = libFiles(files).filter(({ folder, path }) => folder === '' && path.endsWith('.ts'));
    const libs = [...new Set(roots.map(({ lib }) => lib))];
    const sizes = libs.map((lib) => ({ lib, size: roots.filter((file) => file.lib === lib).length }));
    return sizes.filter(({ size }) => size > MAX_ROOT_FILES).map(({ lib, size }) => `libs/${lib} has ${size}`);
  },
};

const MAX_README_LINES = 90;

const readmeLength: HouseRule = {
  name: `a lib's README has at most ${MAX_README_LINES} lines`,
  violations: (files) =>
    libFiles(files)
      .filter(({ folder, path }) => folder === '' && path.endsWith('/README.md'))
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_README_LINES)
      .map(({ path, lines }) => `${path} has ${lines}`),
};

/** The house rules that speak of the shape of code, where neither an import nor a type can tell. */
export const HOUSE_RULES: readonly HouseRule[] = [
  dependencies,
  controllersByName,
  oneStatement,
  noForwardRef,
  functionLength,
  entitiesAtHome,
  libsDescribed,
  migrationsRegistered,
  plainWords,
  testTitles,
  foldersOneWay,
  rootSize,
  readmeLength,
];
