import { during } from './progress.mjs';
import { run } from './processes.mjs';
import { Stop } from './project.mjs';
import { findOnPath, waysToBeRoot } from './system.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const INSTALL = `
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends chromium
`;

/** Finds a Chromium, or installs Debian's. @returns {Promise<string>} its absolute path */
export async function ensureChromium() {
  const find = () => NAMES.map(findOnPath).find((path) => path !== undefined);
  const found = find();
  if (found !== undefined) {
    return found;
  }
  const asRoot = await waysToBeRoot();
  if (asRoot === undefined || findOnPath('apt-get') === undefined) {
    throw new Stop(
      'the browser test needs a Chromium and cannot install one here: install it (on Debian: apt-get install chromium).',
    );
  }
  const [command, ...args] = [...asRoot, 'sh', '-c', INSTALL];
  const code = await during('installing chromium with apt-get', () => run(command, args));
  const installed = find();
  if (code !== 0 || installed === undefined) {
    throw new Stop('apt-get could not install chromium: its own words are above. Install it and try again.');
  }
  return installed;
}
