// `node scripts/deploy.mjs`: renders deploy/kustomize with kubectl and deploy/helm with helm, and prints all of it as one JSON object:
// `base`, `example`, `chart` and `exampleChart`, each as YAML.
import { ensureDeployChecks, renderDeploy } from './lib/deploy.mjs';
import { main } from './lib/processes.mjs';

await main(async () => {
  await ensureDeployChecks();
  process.stdout.write(JSON.stringify(renderDeploy()));
});
