// The rules of imports between libs, apps and packages, made from the data in libs/layers.json.
// Symbols (process.env, HTTP exceptions) are not imports: eslint.config.mjs enforces those from the same data.
import layers from './libs/layers.json' with { type: 'json' };
import { workspaces } from './scripts/lib/project.mjs';

const SPEC = '\\.spec\\.ts$';
const TESTING = '^libs/[^/]+/testing/';
/** What never runs in production: specs, and what a lib's specs share. */
const FOR_TESTS = [SPEC, TESTING];
const CODE_OUTSIDE = '^(apps|test|bench|scripts)/';

/** How an import of the SDK's generated code reads before it is generated. */
const GENERATED = '^\\./generated/';

const escaped = (text) => text.replace(/[.+^$()|[\]\\]/g, '\\$&');

/** A place of layers.json as a regular expression: a folder ends in `/`, a name without `/` is a file's name anywhere. */
const pathOf = (place) => {
  const pattern = escaped(place).replaceAll('*', '[^/]+');
  if (place.endsWith('/')) return `^${pattern}`;
  return place.includes('/') ? `^${pattern}$` : `${pattern}$`;
};

/** Everything in an npm package, wherever node_modules lies. */
const packagePath = (name) => `(^|/)node_modules/${escaped(name).replaceAll('*', '[^/]+')}/`;

const libFolder = (lib) => `^libs/${lib}/`;

const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

const order = layers.libs.slice(0, -1).map((lib, position) => {
  const below = layers.libs.slice(position + 1);
  return rule(
    `layer-order:${lib}`,
    `${lib} stands above ${below.join(', ')}: imports point up the list only`,
    { path: libFolder(lib) },
    { path: `^libs/(${below.join('|')})/` },
  );
});

const purity = Object.entries(layers.pure).map(([lib, packages]) => {
  const above = layers.libs.slice(0, layers.libs.indexOf(lib));
  return rule(
    `pure:${lib}`,
    `${lib} is pure: it imports itself, ${[...above, ...packages].join(', ') || 'nothing else'}; no framework, no Node`,
    { path: libFolder(lib), pathNot: FOR_TESTS },
    { path: '.', pathNot: [libFolder(lib), ...above.map(libFolder), ...packages.map(packagePath), GENERATED] },
  );
});

/** The files that a door's users import. */
const DOORS = Object.keys(layers.doors).map((door) => `^libs/${door}\\.ts$`);

const doors = Object.entries(layers.doors).map(([door, users]) =>
  rule(
    `door:${door}`,
    `#${door} is for ${users.join(', ')} alone`,
    { path: '^(apps|libs)/', pathNot: [`^(${users.join('|')})/`, libFolder(door.split('/')[0])] },
    { path: `^libs/${door}\\.ts$` },
  ),
);

const reach = Object.entries(layers.unreachable).map(([place, apps]) =>
  rule(
    `reach:${place}`,
    `only ${apps.join(', ')} can come to ${place}, by however many steps: what an app does not import it cannot do`,
    { path: '^apps/', pathNot: apps.map((app) => `^apps/${app}/`) },
    { path: pathOf(place), reachable: true },
  ),
);

const privateFolders = layers.private.flatMap((folder) => [
  rule(
    `private:${folder}`,
    `libs/${folder} is private to ${folder.split('/')[0]}`,
    { pathNot: libFolder(folder.split('/')[0]) },
    { path: `^libs/${folder}/` },
  ),
  rule(
    `private-export:${folder}`,
    `what lies in libs/${folder} is not handed out by a front door (its tables are listed there, which takes an import)`,
    { path: `^libs/${folder.split('/')[0]}/[^/]+\\.ts$`, pathNot: DOORS },
    { path: `^libs/${folder}/`, dependencyTypes: ['export'] },
  ),
]);

const packages = layers.packages.map(({ rule: name, names, onlyIn }) =>
  rule(
    `package:${name}`,
    `${names.join(', ')}: only in ${onlyIn.join(', ')}`,
    { path: '^(apps|libs)/', pathNot: onlyIn.map(pathOf) },
    { path: names.map(packagePath) },
  ),
);

export default {
  forbidden: [
    ...order,
    ...purity,
    ...doors,
    ...reach,
    ...privateFolders,
    ...packages,
    rule(
      'known-libs',
      'a folder of libs/ that layers.json does not list has no place in the order',
      { path: '^libs/', pathNot: `^libs/(${layers.libs.join('|')})/` },
      {},
    ),
    rule(
      'front-door',
      'another lib is imported by its name (#lib), never by a path into it',
      { path: '^libs/([^/]+)/' },
      { path: '^libs/', pathNot: '^libs/$1/', dependencyTypesNot: ['aliased-subpath-import'] },
    ),
    rule(
      'front-door-from-outside',
      'apps, tests and benchmarks import a lib by its name (#lib), never by a path into it',
      { path: CODE_OUTSIDE },
      { path: '^libs/', dependencyTypesNot: ['aliased-subpath-import'] },
    ),
    rule(
      'apps-are-separate',
      'an app imports libs: never another app, a test, a benchmark or a script',
      { path: '^apps/([^/]+)/', pathNot: SPEC },
      { path: CODE_OUTSIDE, pathNot: '^apps/$1/' },
    ),
    rule(
      'libs-know-no-app',
      'a lib imports libs: never an app, a test, a benchmark or a script',
      { path: '^libs/', pathNot: FOR_TESTS },
      { path: CODE_OUTSIDE },
    ),
    rule('no-cycles', 'cycles are cut by a port, not hidden', { path: '^(apps|libs)/' }, { circular: true }),
    rule('no-spec-imported', 'a spec is run, not imported', {}, { path: SPEC }),
    rule(
      'testing-stays-in-tests',
      'what the specs of a lib share is for specs',
      { pathNot: [...FOR_TESTS, '^test/', '^bench/'] },
      { path: TESTING },
    ),
    rule(
      'no-unresolvable',
      'an import leads to a file; those of the SDK that are generated are looked at by its own compiler',
      {},
      { couldNotResolve: true, pathNot: GENERATED },
    ),
    rule(
      'no-undeclared-package',
      'a package that is imported is declared in package.json, in that of its workspace where it has one; specs use the root one',
      { pathNot: workspaces.map((folder) => `^${folder}/.*${SPEC}`) },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),
    rule(
      'no-dev-package',
      'what runs in production is no devDependency; types vanish in the build, and standalone runs in a checkout only',
      { path: '^(apps|libs)/', pathNot: [...FOR_TESTS, '^apps/standalone/'] },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    {
      name: 'no-orphan-front-door',
      severity: 'error',
      comment: 'a lib without an importer is unused; the SDK is for others to import',
      from: { path: '^(apps|libs)/', pathNot: FOR_TESTS },
      module: { path: '^libs/[^/]+/index\\.ts$', pathNot: '^libs/sdk/', numberOfDependentsLessThan: 1 },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/|^libs/sdk/(dist|generated)/|^test/clients/(journeys/|faults/|.*\\.config)' },
    // Type imports are dependencies too: a type from below ties a lib to what stands below it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      // As in tsconfig.json: #lib leads to the sources, not to the build.
      conditionNames: ['stowage-source', 'import', 'node', 'default', 'types'],
    },
  },
};
