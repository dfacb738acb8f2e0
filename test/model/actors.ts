import { type AsyncCommand } from 'fast-check';

import { type DeploymentBody, type Resources, type TestCluster } from '../support/clusters.js';
import { type Operation, type Step } from './steps.js';
import { type Model } from './model.js';

const ABOUT_A_DEPLOYMENT: readonly Operation[] = [
  'start',
  'complete',
  'fail',
  'report-stale',
  'cancel',
  'reprioritize',
];

/** A likely deployment is among this many of the latest. */
const LATEST = 60;

/** One step as a command: its precondition in the model, and how it is performed. */
export class Act implements AsyncCommand<Model, readonly TestCluster[]> {
  constructor(private readonly step: Step) {}

  check({ known }: Readonly<Model>): boolean {
    return known.length > 0 || !ABOUT_A_DEPLOYMENT.includes(this.step.operation);
  }

  async run(model: Model, clusters: readonly TestCluster[]): Promise<void> {
    const cluster = clusters[this.step.cluster];
    if (cluster === undefined) throw new RangeError(`there is no cluster ${this.step.cluster}`);
    await this.perform(model, cluster);
  }

  toString(): string {
    return JSON.stringify(this.step);
  }

  private async perform(model: Model, cluster: TestCluster): Promise<unknown> {
    const { operation, requests } = this.step;
    switch (operation) {
      case 'submit':
        return model.submit(cluster, requests[0] ?? {});
      case 'submit-many':
        return model.submitMany(cluster, requests);
      case 'start':
        return model.start((await this.found(model, cluster, ['scheduled'])).id);
      case 'complete':
      case 'fail': {
        const statuses = this.step.place < 0.5 ? ['scheduled', 'running'] : ['running', 'scheduled'];
        const { id, attempt } = await this.found(model, cluster, statuses);
        return model[operation](id, attempt);
      }
      case 'report-stale':
        return model.reportStale(this.anyOf(model));
      case 'cancel':
        return model.cancel(this.anyOf(model));
      case 'reprioritize':
        return model.reprioritize((await this.found(model, cluster, ['queued'])).id, this.step.priority);
      case 'edit': {
        const { headers } = await cluster.team.admin.get(cluster.path);
        return model.edit(cluster, headers.get('etag') ?? '');
      }
      case 'grow':
      case 'shrink':
      case 'shrink-when-free':
        return model.resize(operation, cluster, this.capacity(operation));
      case 'cordon':
      case 'uncordon':
      case 'drain':
        return model.turn(operation, cluster);
    }
  }

  /** Mostly one of the latest, sometimes one that has long ended. */
  private anyOf({ known }: Model): string {
    const { isFarFetched, place } = this.step;
    const from = isFarFetched ? 0 : Math.max(0, known.length - LATEST);
    const id = known[from + Math.round(place * (known.length - 1 - from))];
    if (id === undefined) throw new RangeError('nothing has been submitted');
    return id;
  }

  /** Mostly a deployment with one of these statuses, as a client that reads first would pick; sometimes, or where there is none, any. */
  private async found(
    model: Model,
    cluster: TestCluster,
    statuses: readonly string[],
  ): Promise<Pick<DeploymentBody, 'id' | 'attempt'>> {
    const { isFarFetched, place } = this.step;
    for (const status of isFarFetched ? [] : statuses) {
      const { viewer, path } = cluster.team;
      const { body } = await viewer.get<{ items: DeploymentBody[] }>(
        `${path}/deployments?clusterId=${cluster.id}&status=${status}&limit=20`,
      );
      // The answer to its submission may still be on its way: the model does not know it yet.
      const items = body.items.filter(({ id }) => model.promises.has(id));
      const found = items[Math.round(place * (items.length - 1))];
      if (found !== undefined) return found;
    }
    return { id: this.anyOf(model), attempt: 1 };
  }

  /** Growing leads above the first capacity, shrinking below it. */
  private capacity(operation: 'grow' | 'shrink' | 'shrink-when-free'): Resources {
    const { size } = this.step;
    const of = (least: number, most: number, at: number): number => Math.round(least + (most - least) * at);
    const [small, large] = operation === 'grow' ? [24, 40] : [8, 20];
    const gpu = operation === 'grow' ? of(4, 8, size[2]) : of(2, 4, size[2]);
    return { cpu: of(small, large, size[0]), memoryMib: 100 * of(small, large, size[1]), gpu };
  }
}
