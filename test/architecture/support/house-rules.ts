import ts from 'typescript';

import { type Files } from './temporary-tree.js';

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

const libsDescribed: HouseRule = {
  name: 'a lib has a front door and a README that says more than its name',
  violations: (files) => {
    const libs = new Set(Object.keys(files).flatMap((path) => /^libs\/([^/]+)\//.exec(path)?.[1] ?? []));
    return [...libs].flatMap((lib) => [
      ...((files[`libs/${lib}/index.ts`] ?? '').trim() === '' ? [`libs/${lib}/index.ts is missing`] : []),
      ...(/^# \S.*\n\s*\S/.test(files[`libs/${lib}/README.md`] ?? '') ? [] : [`libs/${lib}/README.md says nothing`]),
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
];
