import { Controller, Delete, Get, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages, present } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { ClusterAccessEntryDto } from './cluster-access.dto.js';
import { ClusterAccessService } from './cluster-access.service.js';
import { ClusterErrors } from '../clusters.errors.js';
import { ClusterParam } from '../cluster-param.js';

const MEMBER = 'The member.';

/** The lists of members who see restricted clusters. */
@ApiTags('clusters')
@Controller('organizations/:organizationId/clusters/:clusterId/access')
export class ClusterAccessController {
  constructor(
    private readonly access: ClusterAccessService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listClusterAccess',
    summary: 'List the members who see a restricted cluster',
    result: 'A page of the members on the list of the cluster; `nextCursor` leads to the next.',
    description:
      'The members on the list of the cluster. It has an effect while the cluster is `restricted`: then they see it beside the admins, and may do there what their roles allow.',
    answer: PageOf(ClusterAccessEntryDto),
  })
  async list(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() query: PageQuery,
  ): Promise<Page<ClusterAccessEntryDto>> {
    return this.pages.byId(
      'cluster-access',
      cluster,
      query,
      (take, after) => this.access.list(actor, cluster, take, after),
      (entry) => present(ClusterAccessEntryDto, entry),
    );
  }

  @Put(':userId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'grantClusterAccess',
    isNewWork: true,
    summary: 'Put a member on the list of a cluster',
    result: 'The entry of the member, new or from before.',
    description:
      'From the next request on, the member sees the cluster while it is restricted. An entry that exists stays. It ends with the membership.',
    answer: ClusterAccessEntryDto,
    problems: [ClusterErrors.MEMBER_NOT_FOUND],
  })
  async grant(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @IdParam('userId', MEMBER) userId: string,
  ): Promise<ClusterAccessEntryDto> {
    return present(ClusterAccessEntryDto, await this.access.grant(actor, cluster, userId));
  }

  @Delete(':userId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'revokeClusterAccess',
    summary: 'Take a member off the list of a cluster',
    result: 'The member is off the list.',
    description:
      'From the next request on, a restricted cluster and all that belongs to it do not exist for the member, own deployments included. Running deployments continue.',
    problems: [ClusterErrors.ACCESS_NOT_FOUND],
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @IdParam('userId', MEMBER) userId: string,
  ): Promise<void> {
    await this.access.revoke(actor, cluster, userId);
  }
}
