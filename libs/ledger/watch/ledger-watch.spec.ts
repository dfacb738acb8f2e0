import { describe, expect, it } from '@jest/globals';

import { type Settings } from '#config';
import { type Database } from '#database';

import { type LedgerAudit } from '../audit/ledger-audit.service.js';
import { type LedgerRepair } from '../audit/ledger-repair.service.js';
import { type PassRetention } from './pass-retention.js';
import { LedgerWatch } from './ledger-watch.js';

/** A watch that asks `look` about each cluster, and nobody about anything else. */
function watchThat(look: (clusterId: string) => Promise<unknown>): LedgerWatch {
  const audit = { checkCluster: look } as unknown as LedgerAudit;
  return new LedgerWatch({} as Settings, {} as Database, audit, {} as LedgerRepair, {} as PassRetention);
}

describe('the watch over the ledger', () => {
  it('ends the look that has begun when it is to stop, and begins no other', async () => {
    const looked: string[] = [];
    let stopped: Promise<void> = Promise.resolve();
    const watch: LedgerWatch = watchThat((clusterId) => {
      looked.push(clusterId);
      stopped = watch.beforeApplicationShutdown();
      return Promise.resolve();
    });
    watch.lookAt('one');
    watch.lookAt('two');
    await stopped;
    watch.lookAt('three');
    await watch.beforeApplicationShutdown();
    expect(looked).toEqual(['one']);
  });

  it('looks at the next cluster when one could not be looked at', async () => {
    const looked: string[] = [];
    const bothDone = new Promise<void>((done) => {
      const watch = watchThat((clusterId) => {
        looked.push(clusterId);
        if (looked.length === 2) done();
        return clusterId === 'one' ? Promise.reject(new Error('no connection')) : Promise.resolve();
      });
      watch.lookAt('one');
      watch.lookAt('two');
    });
    await bothDone;
    expect(looked).toEqual(['one', 'two']);
  });
});
