import { Controller, Delete, Get, Put, Query } from '@nestjs/common';

import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages, present } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole } from '#rbac';

import { ClusterAccessEntryDto } from './cluster-access.dto.js';
import { ClusterAccessService } from './cluster-access.service.js';
import { ClusterErrors } from '../clusters.errors.js';

const TAG = 'clusters';
const ORGANIZATION = 'The organization.';
const CLUSTER = 'The cluster.';
const MEMBER = 'The member.';

const ROUTE_PROBLEMS = [OrganizationVisibilityErrors.NOT_FOUND, ClusterErrors.NOT_FOUND];

/** The lists of members who see restricted clusters. */
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
    tag: TAG,
    summary: 'List the members who see a restricted cluster',
    description:
      'The members on the list of the cluster. It has an effect while the cluster is `restricted`: then they see it beside the admins, and may do there what their roles allow.',
    answer: PageOf(ClusterAccessEntryDto),
    problems: ROUTE_PROBLEMS,
  })
  async list(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('clusterId', CLUSTER) clusterId: string,
    @Query() query: PageQuery,
  ): Promise<Page<ClusterAccessEntryDto>> {
    return this.pages.byId(
      'cluster-access',
      { organizationId, clusterId },
      query,
      (take, after) => this.access.list(actor, organizationId, clusterId, take, after),
      (entry) => present(ClusterAccessEntryDto, entry),
    );
  }

  @Put(':userId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'grantClusterAccess',
    tag: TAG,
    summary: 'Put a member on the list of a cluster',
    description:
      'From the next request on, the member sees the cluster while it is restricted. An entry that exists stays. It ends with the membership.',
    answer: ClusterAccessEntryDto,
    problems: [...ROUTE_PROBLEMS, RbacErrors.ROLE_TOO_LOW, ClusterErrors.MEMBER_NOT_FOUND],
  })
  async grant(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('clusterId', CLUSTER) clusterId: string,
    @IdParam('userId', MEMBER) userId: string,
  ): Promise<ClusterAccessEntryDto> {
    return present(ClusterAccessEntryDto, await this.access.grant(actor, organizationId, clusterId, userId));
  }

  @Delete(':userId')
  @RequireRole('admin')
  @ApiRoute({
    id: 'revokeClusterAccess',
    tag: TAG,
    summary: 'Take a member off the list of a cluster',
    description:
      'From the next request on, a restricted cluster and all that belongs to it do not exist for the member, own deployments included. Running deployments continue.',
    problems: [...ROUTE_PROBLEMS, RbacErrors.ROLE_TOO_LOW, ClusterErrors.ACCESS_NOT_FOUND],
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('clusterId', CLUSTER) clusterId: string,
    @IdParam('userId', MEMBER) userId: string,
  ): Promise<void> {
    await this.access.revoke(actor, organizationId, clusterId, userId);
  }
}
