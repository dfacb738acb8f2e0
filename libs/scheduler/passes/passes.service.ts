import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { PassErrors } from './passes.errors.js';
import { PassesRepository, type PassView, type RecordedSnapshot } from './passes.repository.js';

/** The record of a pass, with its snapshot where that is stored. */
export interface PassDetail {
  readonly pass: PassView;
  readonly recorded: RecordedSnapshot | null;
}

/** Reads the records of passes. */
@Injectable()
export class PassesService {
  constructor(
    private readonly clusters: ClusterLookup,
    private readonly passes: PassesRepository,
  ) {}

  /** Passes of a cluster, newest first, after an id. @throws CLUSTERS.NOT_FOUND */
  async list(actor: Actor, cluster: ClusterRef, take: number, after: string | undefined): Promise<readonly PassView[]> {
    await this.clusters.read(actor, cluster);
    return this.passes.list(cluster, take, after);
  }

  /** One pass of a cluster. @throws CLUSTERS.NOT_FOUND, PASSES.NOT_FOUND */
  async read(actor: Actor, cluster: ClusterRef, passId: string): Promise<PassDetail> {
    await this.clusters.read(actor, cluster);
    const pass = await this.passes.find(cluster, passId);
    if (pass === undefined) throw PassErrors.NOT_FOUND.because();
    return { pass, recorded: await this.passes.snapshotOf(cluster, passId) };
  }
}
