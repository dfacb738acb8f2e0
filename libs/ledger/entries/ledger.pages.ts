import { Injectable } from '@nestjs/common';

import { type Page, Pages } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type LedgerCheckpointDto, type LedgerEntryDto, type LedgerQuery } from './ledger.dto.js';
import { toLedgerCheckpointDto, toLedgerEntryDto } from './ledger.mapper.js';
import { LedgerService } from './ledger.service.js';

/** The ledger for readers. Its pages are ordered by time, then by id, which is unique. */
@Injectable()
export class LedgerPages {
  constructor(
    private readonly ledger: LedgerService,
    private readonly pages: Pages,
  ) {}

  /** @throws CLUSTERS.NOT_FOUND */
  async checkpoint(actor: Actor, cluster: ClusterRef): Promise<LedgerCheckpointDto> {
    return toLedgerCheckpointDto(await this.ledger.checkpoint(actor, cluster));
  }

  /** @throws CLUSTERS.NOT_FOUND, REQUEST.INVALID_CURSOR */
  async page(actor: Actor, cluster: ClusterRef, query: LedgerQuery): Promise<Page<LedgerEntryDto>> {
    const request = this.pages.open('ledger', cluster, query);
    const rows = await this.ledger.list(actor, cluster, query, request);
    return request.of(rows, ({ at, id }) => [at, id], toLedgerEntryDto);
  }
}
