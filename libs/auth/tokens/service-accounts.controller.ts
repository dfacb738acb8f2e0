import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import {
  ApiRoute,
  Idempotency,
  IdempotencyKey,
  IdParam,
  IdsParam,
  type KeyedRequest,
  type Page,
  PageOf,
  PageQuery,
  Pages,
  present,
} from '#http';

import { type Actor, CurrentActor } from '../access/actor.js';
import { type AccessDecorator, declareAccess } from '../access/route-access.js';
import { AuthErrors } from '../auth.errors.js';
import { ApiTokens } from './api-tokens.service.js';
import { ServiceAccounts } from './service-accounts.service.js';
import { type ServiceAccountKey } from './tokens.repository.js';
import {
  CreateServiceAccountDto,
  CreateServiceAccountTokenDto,
  NewTokenDto,
  ServiceAccountDto,
  TokenDto,
} from './tokens.dto.js';

/** Passes the service account that a path names to a route, which answers AUTH.SERVICE_ACCOUNT_NOT_FOUND where there is none. */
const ServiceAccountParam = (): ParameterDecorator =>
  IdsParam({ organizationId: 'Which organization.', serviceAccountId: 'Which service account.' }, [
    AuthErrors.SERVICE_ACCOUNT_NOT_FOUND,
  ]);

const Admin = (): AccessDecorator => declareAccess({ kind: 'role', role: 'admin' });

/** What is made here outlives an API token. */
const AdminInPerson = (): AccessDecorator => declareAccess({ kind: 'role', role: 'admin', sessionOnly: true });

/** An organization's non-human principals and their tokens. */
@ApiTags('service accounts')
@Controller('organizations/:organizationId/service-accounts')
export class ServiceAccountsController {
  constructor(
    private readonly serviceAccounts: ServiceAccounts,
    private readonly apiTokens: ApiTokens,
    private readonly pages: Pages,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @AdminInPerson()
  @ApiRoute({
    id: 'createServiceAccount',
    summary: 'Make a service account',
    description:
      'Belongs to the organization, and outlives the user who makes it. It acts through API tokens only. No API token can make one.',
    answer: ServiceAccountDto,
    status: 201,
    problems: [AuthErrors.SERVICE_ACCOUNT_NAME_TAKEN, AuthErrors.SERVICE_ACCOUNT_LIMIT_REACHED],
  })
  async create(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'Which organization.') organizationId: string,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: CreateServiceAccountDto,
  ): Promise<ServiceAccountDto> {
    return this.idempotency.once(request, actor.id, async () =>
      present(ServiceAccountDto, await this.serviceAccounts.create(actor, organizationId, body)),
    );
  }

  @Get()
  @Admin()
  @ApiRoute({
    id: 'listServiceAccounts',
    summary: 'List service accounts',
    description: 'Newest first.',
    answer: PageOf(ServiceAccountDto),
  })
  async list(
    @IdParam('organizationId', 'Which organization.') organizationId: string,
    @Query() query: PageQuery,
  ): Promise<Page<ServiceAccountDto>> {
    return this.pages.byId(
      'service-accounts',
      { organizationId },
      query,
      (take, after) => this.serviceAccounts.list(organizationId, take, after),
      (account) => present(ServiceAccountDto, account),
    );
  }

  @Delete(':serviceAccountId')
  @Admin()
  @ApiRoute({
    id: 'deleteServiceAccount',
    summary: 'Delete a service account',
    result: 'The service account is deleted; its tokens no longer work.',
    description: 'Its tokens stop working at once. Its deployments stay.',
  })
  async delete(@CurrentActor() actor: Actor, @ServiceAccountParam() account: ServiceAccountKey): Promise<void> {
    await this.serviceAccounts.delete(actor, account);
  }

  @Post(':serviceAccountId/tokens')
  @AdminInPerson()
  @ApiRoute({
    id: 'createServiceAccountToken',
    summary: 'Make a token of a service account',
    result: 'The new token. No later answer shows its secret.',
    description:
      'Grants what the account may do. The token is shown once. No API token can make one: a token would outlive its maker by it.',
    answer: NewTokenDto,
    status: 201,
    problems: [AuthErrors.TOKEN_LIMIT_REACHED, AuthErrors.ORGANIZATION_TOKEN_LIMIT_REACHED],
  })
  async createToken(
    @CurrentActor() actor: Actor,
    @ServiceAccountParam() account: ServiceAccountKey,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: CreateServiceAccountTokenDto,
  ): Promise<NewTokenDto> {
    return this.idempotency.once(request, actor.id, async () =>
      present(NewTokenDto, await this.apiTokens.createForServiceAccount(actor, account, body)),
    );
  }

  @Get(':serviceAccountId/tokens')
  @Admin()
  @ApiRoute({
    id: 'listServiceAccountTokens',
    summary: 'List tokens of a service account',
    description: 'Tokens that still work, newest first.',
    answer: PageOf(TokenDto),
  })
  async listTokens(
    @ServiceAccountParam() account: ServiceAccountKey,
    @Query() query: PageQuery,
  ): Promise<Page<TokenDto>> {
    return this.pages.byId(
      'service-account-tokens',
      account,
      query,
      (take, after) => this.apiTokens.listOfServiceAccount(account, take, after),
      (token) => present(TokenDto, token),
    );
  }

  @Delete(':serviceAccountId/tokens/:tokenId')
  @Admin()
  @ApiRoute({
    id: 'deleteServiceAccountToken',
    summary: 'Delete a token of a service account',
    result: 'The token is deleted and no longer works.',
    description: 'It stops working at once.',
    problems: [AuthErrors.TOKEN_NOT_FOUND],
  })
  async deleteToken(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'Which organization.') organizationId: string,
    @IdParam('serviceAccountId', 'Which service account.') serviceAccountId: string,
    @IdParam('tokenId', 'Which token.') tokenId: string,
  ): Promise<void> {
    await this.apiTokens.delete(actor, { organizationId, serviceAccountId }, tokenId);
  }
}
