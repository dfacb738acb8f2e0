import { Controller, Get } from '@nestjs/common';

import { ApiRoute, present } from '#http';

import { type Actor, CurrentActor } from '../access/actor.js';
import { SignedIn } from '../access/route-access.js';
import { OwnAccessDto } from './own-access.dto.js';
import { OwnAccess } from './own-access.service.js';

/** Tells a credential what it is. */
@SignedIn({ apiTokens: true })
@Controller('me/access')
export class OwnAccessController {
  constructor(private readonly access: OwnAccess) {}

  @Get()
  @ApiRoute({
    id: 'getAccess',
    tag: 'me',
    summary: 'Read what a credential grants',
    result: 'The principal of the credential and, for an API token, the organization and what it grants there.',
    description:
      'The account or service account of the credential. For an API token also the token, its organization, and what it grants there at this moment: a role, or a scope.',
    answer: OwnAccessDto,
  })
  async read(@CurrentActor() actor: Actor): Promise<OwnAccessDto> {
    return present(OwnAccessDto, await this.access.read(actor));
  }
}
