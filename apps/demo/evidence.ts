import { type DeploymentAnswer, type PassAnswer } from './api-types.js';
import { type ClusterView, type Ending, type Site } from './site.js';

/** What the service says at the end about one cluster, and what the demo knows of it from the run. */
export interface Evidence {
  readonly name: string;
  readonly view: ClusterView;
  readonly deployments: readonly DeploymentAnswer[];
  /** Oldest first. */
  readonly passes: readonly PassAnswer[];
  /** Ids that were accepted. */
  readonly accepted: ReadonlySet<string>;
  /** How deployments ended, as the service acknowledged it. */
  readonly ended: ReadonlyMap<string, Ending>;
  /** As whom the demo submitted. */
  readonly submitter: string;
  /** What was wrong at some time during the run. */
  readonly faults: readonly string[];
}

/** Reads everything anew, as any member of the organization can. */
export async function gather(site: Site): Promise<Evidence> {
  const { viewer, developer } = site.team;
  await site.look();
  const deployments: DeploymentAnswer[] = [];
  for await (const page of viewer.list<DeploymentAnswer>(site.listPath)) deployments.push(...page);
  const passes: PassAnswer[] = [];
  for await (const page of viewer.list<PassAnswer>(`${site.clusterPath}/passes?`)) passes.push(...page);
  return {
    name: site.name,
    view: site.view,
    deployments,
    passes: passes.reverse(),
    accepted: new Set(site.taskOf.keys()),
    ended: site.ended,
    submitter: developer.id,
    faults: site.faults,
  };
}
