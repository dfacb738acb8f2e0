import { during } from './progress.mjs';
import { run } from './processes.mjs';
import { Stop } from './project.mjs';
import { findOnPath, waysToBeRoot } from './system.mjs';

// Only the program is wanted: Debian would also start a server of its own, now (policy-rc.d forbids it) and at each boot.
const INSTALL = `
set -e
export DEBIAN_FRONTEND=noninteractive
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
apt-get -q update
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends redis-server
if [ -d /run/systemd/system ]; then systemctl --quiet disable redis-server || true; fi
`;

/** Finds a redis-server, or installs Debian's. @returns {Promise<string>} its absolute path */
export async function ensureRedis() {
  const found = findOnPath('redis-server');
  if (found !== undefined) {
    return found;
  }
  const asRoot = await waysToBeRoot();
  if (asRoot === undefined || findOnPath('apt-get') === undefined) {
    throw new Stop(
      'Stowage needs a redis-server and cannot install one here: install it (on Debian: apt-get install redis-server) or set REDIS_URL to a Redis 7.',
    );
  }
  const [command, ...args] = [...asRoot, 'sh', '-c', INSTALL];
  const code = await during('installing redis-server with apt-get', () => run(command, args));
  const installed = findOnPath('redis-server');
  if (code !== 0 || installed === undefined) {
    throw new Stop('apt-get could not install redis-server: its own words are above. Install it and try again.');
  }
  return installed;
}
