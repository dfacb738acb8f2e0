import { ensureBuilt, hasBuilt } from './build.mjs';
import { ensureInstalled, hasInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { ensureNode, projectNode } from './node.mjs';
import { inProject } from './project.mjs';

const LOCK = inProject('.cache', 'prepare.lock');

/**
 * Makes a checkout ready to run: its packages are installed and dist/ is up to date.
 *
 * @returns {Promise<string>} the Node to run it with
 */
export async function prepare() {
  const ready = hasInstalled() && hasBuilt() ? projectNode() : undefined;
  if (ready !== undefined) {
    // Nothing to write: also who may only read the checkout can run it.
    return ready;
  }
  return withLock(LOCK, async () => {
    await ensureInstalled();
    const node = await ensureNode();
    await ensureBuilt(node);
    return node;
  });
}
