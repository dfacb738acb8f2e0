// Jest's globalSetup: starts the server through which spec files get the shared installation of their Jest process. It runs in Jest's main
// process, where no Jest transforms anything: Node strips the types, and `./x.js` is resolved to `./x.ts` here.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const isOfTypeScript = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
    return next(isOfTypeScript ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});

export default async function setup(globalConfig, projectConfig) {
  const { Installations } = await import('./installations.ts');
  globalThis.stowageInstallations = await Installations.listen(
    globalConfig.collectCoverage
      ? { config: projectConfig, collectCoverageFrom: globalConfig.collectCoverageFrom }
      : undefined,
  );
  process.env.STOWAGE_TEST_INSTALLATIONS_URL = globalThis.stowageInstallations.url;
}
