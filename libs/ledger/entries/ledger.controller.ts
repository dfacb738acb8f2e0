import { Controller, Get, Query } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute, type Page, PageOf } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { LedgerCheckpointDto, LedgerEntryDto, LedgerQuery } from './ledger.dto.js';
import { LedgerService } from './ledger.service.js';

/** The record of what a cluster gave out and got back. */
@Controller('organizations/:organizationId/clusters/:clusterId/ledger')
export class LedgerController {
  constructor(private readonly ledger: LedgerService) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listLedgerEntries',
    tag: 'scheduler',
    summary: 'List ledger entries',
    description:
      'Every allocation and every release on this cluster, newest first. Entries are never changed; what is allocated is their sum. They are kept as long as their deployments; for those that are gone stands the checkpoint.',
    answer: PageOf(LedgerEntryDto),
  })
  async list(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() query: LedgerQuery,
  ): Promise<Page<LedgerEntryDto>> {
    return this.ledger.list(actor, cluster, query);
  }

  @Get('checkpoint')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getLedgerCheckpoint',
    tag: 'scheduler',
    summary: 'Get the checkpoint of a ledger',
    result: 'The sums of the entries that are not kept any more.',
    description:
      'What stands for the entries of deployments that have ended long ago and are not kept any more. They balance, or would not have been removed; what they used stays in the usage of the cluster.',
    answer: LedgerCheckpointDto,
  })
  async checkpoint(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<LedgerCheckpointDto> {
    return this.ledger.checkpoint(actor, cluster);
  }
}
