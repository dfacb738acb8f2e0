import { type Random } from './random.js';
import { aDeployment, TestCluster } from './clusters.js';
import { type Team } from './people.js';

/** How often one more deployment is submitted to a busy cluster. */
const SUBMIT_MS = 100;

/** How often a busy cluster grows: by room for twenty of its requests, which are much alike, so that the planner has to search. */
const GROW_MS = 500;
const GROWTH = 100;

/** The most search that a policy allows. */
const SEARCH_STEPS = 200_000;

/** A cluster whose plans are expensive, and which needs one all the time: many distinct shapes wait, more are submitted, and it grows. */
export class BusyCluster {
  private size = GROWTH;
  private readonly timers: readonly NodeJS.Timeout[];

  private constructor(
    readonly cluster: TestCluster,
    private readonly random: Random,
  ) {
    const repeat = (work: () => Promise<unknown>, everyMs: number): NodeJS.Timeout =>
      setInterval(() => void work().catch(() => undefined), everyMs);
    this.timers = [repeat(() => this.submit(), SUBMIT_MS), repeat(() => this.grow(), GROW_MS)];
  }

  /** @param shapes how many distinct requests wait in it */
  static async of(team: Team, random: Random, shapes: number): Promise<BusyCluster> {
    const cluster = await TestCluster.create(team, capacityOf(GROWTH));
    await team.admin.patch(cluster.path, { policy: { searchSteps: SEARCH_STEPS } });
    await cluster.submitBatch(Array.from({ length: shapes }, () => aRequest(random)));
    return new BusyCluster(cluster, random);
  }

  stop(): void {
    this.timers.forEach(clearInterval);
  }

  private async submit(): Promise<unknown> {
    return this.cluster.team.developer.post(`${this.cluster.path}/deployments`, aDeployment(aRequest(this.random)));
  }

  private async grow(): Promise<unknown> {
    this.size += GROWTH;
    return this.cluster.team.admin.patch(this.cluster.path, { capacity: capacityOf(this.size) });
  }
}

const capacityOf = (size: number): { cpu: number; memoryMib: number; gpu: number } => ({
  cpu: size,
  memoryMib: size * 1_000,
  gpu: size,
});

const aRequest = (random: Random): Record<string, unknown> => ({
  resources: { cpu: amount(random) / 1_000, memoryMib: amount(random), gpu: amount(random) / 1_000 },
});

const amount = (random: Random): number => random.integer(4_000, 6_000);
