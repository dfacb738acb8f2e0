// `npm run test:containers [-- --no-build] [--stand-ins] [--deployments N]`: builds the images, starts everything that docker/compose.yaml
// describes with podman, drives it with the demo, and replaces every process of ours under its load with
// docker/update.sh. Needs podman with name resolution
// (aardvark-dns or the dnsname plugin), and a machine on which podman runs nothing else. --stand-ins makes PostgreSQL, Redis and HAProxy from Debian's packages, for
// machines that reach no registry. PODMAN_ARGS, PODMAN_BUILD_ARGS and PODMAN_RUN_ARGS hold what a machine needs beside that.
import { parseArgs } from 'node:util';

import { prepare } from './lib/prepare.mjs';
import { main } from './lib/processes.mjs';

await main(async () => {
  const { values } = parseArgs({
    options: {
      'no-build': { type: 'boolean', default: false },
      'stand-ins': { type: 'boolean', default: false },
      deployments: { type: 'string', default: '6000' },
    },
  });
  await prepare();
  // It reads YAML with a package, which is only there now.
  const { testContainers } = await import('./lib/containers.mjs');
  await testContainers({
    isBuilt: values['no-build'],
    withStandIns: values['stand-ins'],
    deployments: values.deployments,
  });
});
