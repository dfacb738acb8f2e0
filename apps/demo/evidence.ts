import { type Certificate, type Deployment, everyItem, type Pass } from '@stowage/sdk';

import { PAGE } from './runtime.js';
import { type ClusterView, type Ending, type Site } from './site.js';

/** What the demo reads of a deployment. */
export type DeploymentEvidence = Pick<
  Deployment,
  'id' | 'priority' | 'status' | 'scheduledAt' | 'endedAt' | 'releasedAt' | 'submittedBy'
>;

/** What the demo reads of a pass. */
export type PassEvidence = Pick<
  Pass,
  'id' | 'startedAt' | 'finishedAt' | 'waiting' | 'shapes' | 'placed' | 'released' | 'durationsMs'
> & { readonly certificate: CertificateEvidence };

export type CertificateEvidence = Pick<Certificate, 'optimal' | 'levels' | 'utilization'>;

/** What the service answers at the end about one cluster, and what the demo recorded during the run. */
export interface Evidence {
  readonly name: string;
  readonly view: ClusterView;
  readonly deployments: readonly DeploymentEvidence[];
  /** Oldest first. */
  readonly passes: readonly PassEvidence[];
  /** Ids that were accepted. */
  readonly accepted: ReadonlySet<string>;
  /** How deployments ended, as the service acknowledged it. */
  readonly ended: ReadonlyMap<string, Ending>;
  /** The id of the user that submitted. */
  readonly submitter: string;
  /** Violations seen during the run. */
  readonly faults: readonly string[];
}

/** Reads everything anew, as any member of the organization can. */
export async function gather(site: Site): Promise<Evidence> {
  const { viewer, developer } = site.team;
  await site.look();
  const { path } = site;
  const { clusterId } = path;
  const deployments = await allOf(
    everyItem((page) => viewer.api.listDeployments({ path, query: { ...page, ...PAGE, clusterId } })),
  );
  const passes = await allOf(everyItem((page) => viewer.api.listPasses({ path, query: { ...page, ...PAGE } })));
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

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
