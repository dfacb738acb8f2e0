import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { observeLedger } from '../support/invariants.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { Installation } from './installation.js';

describe('a worker whose Redis is killed under load', () => {
  let redis: RedisServer;
  let installation: Installation;

  beforeAll(async () => {
    redis = await RedisServer.start();
    installation = await Installation.start({ REDIS_URL: redis.url });
  });

  afterAll(async () => {
    await installation.stop();
    await redis.kill();
  });

  it('loses no deployment and delays no request when Redis is killed twice', async () => {
    const random = Random.of('Redis killed under load');
    const observer = observeLedger(installation.stowage.database.url);
    const { cluster, load } = await installation.load(random);
    for (let round = 0; round < 2; round++) {
      await sleep(random.integer(300, 600));
      await redis.kill();
      await sleep(random.integer(500, 1_500));
      await redis.restart();
    }
    await sleep(1_000);
    await observer.stop();
    await installation.assertRecovered(cluster, load);
  });

  it('stops on SIGTERM while Redis is away', async () => {
    await redis.kill();
    await sleep(200);
    const { tookMs } = await installation.worker.terminate();
    process.stderr.write(`without Redis a worker took ${tookMs} ms to stop\n`);
    expect(tookMs).toBeLessThan(20_000);
  });
});
