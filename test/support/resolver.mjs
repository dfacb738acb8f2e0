/**
 * Jest's resolver: `#lib` names lead to sources also where Jest looks for the spec files of a changed source (`npm run test:changed`). There it
 * knows no conditions of the test environment, and would follow the names into dist.
 */
export function sync(path, options) {
  if (!path.startsWith('#')) return options.defaultResolver(path, options);
  return options.defaultResolver(path, {
    ...options,
    conditions: ['stowage-source', ...(options.conditions ?? ['import'])],
  });
}
