import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// A part of Jest, found from there.
const jest = createRequire(createRequire(import.meta.url).resolve('jest'));
const { createScriptTransformer } = createRequire(jest.resolve('@jest/core'))('@jest/transform');

const MODULES = {
  isInternalModule: false,
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};

/** From now on, this process loads TypeScript, transformed and instrumented by Jest's own transformer under its own configuration. */
export async function instrumentSources({ config, collectCoverageFrom }) {
  const transformer = await createScriptTransformer(config);
  const options = { ...MODULES, collectCoverage: true, collectCoverageFrom, coverageProvider: 'babel' };
  registerHooks({
    resolve(specifier, context, next) {
      if (!context.parentURL?.endsWith('.ts')) return next(specifier, context);
      const source = specifier.startsWith('.') ? specifier.replace(/\.js$/, '.ts') : specifier;
      // `#lib` names lead to sources here only: planner threads run the build, in which they lead to it.
      return next(source, { ...context, conditions: ['stowage-source', ...context.conditions] });
    },
    load(url, context, next) {
      if (!url.endsWith('.ts')) return next(url, context);
      const { code } = transformer.transform(fileURLToPath(url), options);
      return { format: 'module', shortCircuit: true, source: code };
    },
  });
}
