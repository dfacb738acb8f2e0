import { Controller, Post } from '@nestjs/common';

import { ApiRoute } from '#http';
import { type Actor, CurrentActor, RequireOperator } from '#rbac';

import { LedgerErrors } from '../ledger.errors.js';
import { LedgerAuditDto } from './ledger-audit.dto.js';
import { toLedgerAuditDto } from './ledger-audit.mapper.js';
import { LedgerAudit } from './ledger-audit.service.js';

/** The audit of the ledger, for operators. */
@RequireOperator()
@Controller('admin/ledger')
export class LedgerAuditController {
  constructor(private readonly ledger: LedgerAudit) {}

  @Post('audit')
  @ApiRoute({
    id: 'auditLedger',
    tag: 'operators',
    summary: 'Audit the ledger',
    result: 'Each law with its result, and what breaks it.',
    description:
      'Recomputes every law of the ledger in all clusters, from the first entry, out of one snapshot. A cluster whose ledger has drifted is cordoned; nothing is set right by this.',
    answer: LedgerAuditDto,
    problems: [LedgerErrors.AUDIT_RUNNING],
  })
  async audit(@CurrentActor() actor: Actor): Promise<LedgerAuditDto> {
    return toLedgerAuditDto(await this.ledger.fullBy(actor));
  }
}
