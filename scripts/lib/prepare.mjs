import { ensureBuilt, hasBuilt } from './build.mjs';
import { ensureInstalled, hasInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { ensureNode, projectNode } from './node.mjs';
import { inProject } from './project.mjs';
import { ensureWorkspaces, hasBuiltWorkspaces } from './workspaces.mjs';

const LOCK = inProject('.cache', 'prepare.lock');

/**
 * Makes a checkout ready to run: its packages are installed, libs/sdk/dist and dist/ are up to date.
 *
 * @returns {Promise<string>} the Node to run it with
 */
export const prepare = () =>
  prepareWith([
    { isDone: hasBuiltWorkspaces, make: ensureWorkspaces },
    { isDone: hasBuilt, make: ensureBuilt },
  ]);

/** The same without dist/, for what needs the types of the SDK alone. */
export const prepareSdk = () => prepareWith([{ isDone: hasBuiltWorkspaces, make: ensureWorkspaces }]);

async function prepareWith(steps) {
  const ready = hasInstalled() && steps.every(({ isDone }) => isDone()) ? projectNode() : undefined;
  if (ready !== undefined) {
    // Nothing to write: a user with read access to the checkout can run it.
    return ready;
  }
  return withLock(LOCK, async () => {
    await ensureInstalled();
    const node = await ensureNode();
    await Promise.all(steps.map(({ make }) => make(node)));
    return node;
  });
}
