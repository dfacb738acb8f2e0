// The whole way of many deployments through the API: submitted in batches, scheduled by real passes, reported in bulk, settled; all of it
// at once, by one API process and one worker. Prints how long that took, and checks that nothing is left allocated. Needs a built project,
// a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): `npm run bench:flow`
// brings its own.
//
//   node bench/flow/bench.mjs [--deployments 2000000] [--batch 10000] [--submitters 1] [--reporters 1] [--shapes 100]
import { parseArgs } from 'node:util';

import { ask, machine, pause, quantile } from '../lib/database.mjs';
import { aCluster, anOwner, withService } from '../lib/service.mjs';

const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '2000000' },
    batch: { type: 'string', default: '10000' },
    submitters: { type: 'string', default: '1' },
    reporters: { type: 'string', default: '1' },
    shapes: { type: 'string', default: '100' },
  },
});
const BATCH = Number(values.batch);
const BATCHES = Math.ceil(Number(values.deployments) / BATCH);
const [SUBMITTERS, REPORTERS, SHAPES] = [values.submitters, values.reporters, values.shapes].map(Number);
/** Batches that wait or run at once: a fleet that is busy, not a queue without end. */
const IN_FLIGHT = 5;
const POLL_MS = 50;
/** Until what was refused is reported again. */
const AGAIN_MS = 300;

/** What is submitted and reported, and how far that has come. */
class Flow {
  submitted = 0;
  ended = 0;
  queued = 0;
  /** Batches to be submitted yet. */
  left = BATCHES;
  /** The ids of batches that were submitted and not reported yet. */
  batches = [];
  requests = { submit: [], report: [] };

  constructor(token, url) {
    this.token = token;
    this.url = url;
    this.deployments = Array.from({ length: BATCH }, (_, index) => ({
      image: 'registry.example.com/app:1',
      resources: { cpu: 1, memoryMib: 256 + (index % SHAPES) },
    }));
  }

  get isOver() {
    return this.ended === BATCHES * BATCH;
  }

  async timed(kind, path, body) {
    const began = performance.now();
    const answer = await ask(`${this.url}/deployments/${path}`, this.token, body);
    this.requests[kind].push(performance.now() - began);
    return answer;
  }

  async submit() {
    while (this.left > 0) {
      this.left--;
      while (this.submitted - this.ended >= IN_FLIGHT * BATCH) await pause(POLL_MS);
      const { results } = await this.timed('submit', 'batch', { deployments: this.deployments });
      this.submitted += BATCH;
      this.batches.push(results.map(({ id }) => id));
    }
  }

  /** Reports a batch when no more waits than was submitted after it; what is not scheduled yet is refused, and reported again. */
  async report() {
    while (!this.isOver) {
      if (this.batches.length === 0 || this.queued > (this.batches.length - 1) * BATCH) {
        await pause(POLL_MS);
        continue;
      }
      let open = this.batches.shift();
      while (open.length > 0) {
        const reports = open.map((id) => ({ id, outcome: 'succeeded' }));
        const { results } = await this.timed('report', 'complete', { reports });
        const refused = results.flatMap(({ problem }, index) => (problem === undefined ? [] : [open[index]]));
        this.ended += open.length - refused.length;
        open = refused;
        if (open.length > 0) await pause(AGAIN_MS);
      }
    }
  }

  async look() {
    while (!this.isOver) {
      this.queued = (await ask(this.url, this.token)).queue.queued;
      await pause(POLL_MS);
    }
  }

  /** @returns seconds until all has ended */
  async run() {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const timer = setInterval(() => {
      process.stderr.write(
        `[${seconds().toFixed(0).padStart(5)} s] submitted ${this.submitted}, ended ${this.ended}\n`,
      );
    }, 10_000);
    const many = (count, work) => Array.from({ length: count }, work);
    await Promise.all([...many(SUBMITTERS, () => this.submit()), ...many(REPORTERS, () => this.report()), this.look()]);
    clearInterval(timer);
    return seconds();
  }
}

/** Waits until the last of it has been settled, and refuses what does not add up. */
async function checkLedger(client, cluster) {
  const total = BATCHES * BATCH;
  for (let i = 0; i < 600; i++) {
    const { rows } = await client.query(
      `select allocated_cpu_millis::float8 as cpu, allocated_memory_mib::float8 as memory from clusters where id = $1`,
      [cluster],
    );
    if (rows[0].cpu === 0 && rows[0].memory === 0) {
      const [counts] = (
        await client.query(
          `select (select count(*)::int from deployments where cluster_id = $1 and status = 'succeeded' and released_at is not null) as ended,
                  (select count(*)::int from ledger_entries where cluster_id = $1 and kind = 'allocate') as allocated,
                  (select count(*)::int from ledger_entries where cluster_id = $1 and kind = 'release') as released`,
          [cluster],
        )
      ).rows;
      const wrong = Object.entries(counts).filter(([, count]) => count !== total);
      if (wrong.length > 0) throw new Error(`of ${total} deployments the ledger has ${JSON.stringify(counts)}`);
      return;
    }
    await pause(100);
  }
  throw new Error('resources did not come back');
}

const whole = (number) => Math.round(number).toLocaleString('en');

async function measure(port, client) {
  const owner = await anOwner(port);
  const capacity = { cpu: 100_000_000, memoryMib: 1_000_000_000_000 };
  const cluster = await aCluster(owner, port, { name: 'bench', capacity });
  const flow = new Flow(owner.token, cluster.url);
  const seconds = await flow.run();
  const settling = performance.now();
  await checkLedger(client, cluster.id);
  const total = BATCHES * BATCH;
  const { submit, report } = flow.requests;
  process.stdout.write(
    [
      machine(),
      '',
      '| what | figure |',
      '| --- | ---: |',
      `| deployments submitted, scheduled, reported and settled | ${whole(total)} |`,
      `| minutes from the first submission to the last report | ${(seconds / 60).toFixed(1)} |`,
      `| deployments per second, all the way | ${whole(total / seconds)} |`,
      `| a batch of ${whole(BATCH)} submitted, median ms | ${whole(quantile(submit, 0.5))} |`,
      `| a batch of ${whole(BATCH)} reported, median ms | ${whole(quantile(report, 0.5))} |`,
      `| until the last is settled and all is counted, s | ${((performance.now() - settling) / 1000).toFixed(1)} |`,
      '',
    ].join('\n'),
  );
}

await withService('flow', measure);
