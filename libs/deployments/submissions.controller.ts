import { Body, Controller, Post } from '@nestjs/common';

import { ClusterErrors } from '#clusters';
import { ApiRoute, BodyLimit, Idempotency, IdempotencyKey, IdParam, type KeyedRequest } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole } from '#rbac';

import { BatchDto, DeploymentDto, MAX_BATCH_BYTES, SubmitBatchDto, SubmitDeploymentDto } from './deployments.dto.js';
import { DeploymentErrors } from './deployments.errors.js';
import { toBatchDto, toDeploymentDto, toOrder, toOrders } from './deployments.mapper.js';
import { SubmissionsService } from './submissions.service.js';

const TAG = 'deployments';
const ORGANIZATION = 'The organization.';
const CLUSTER = 'The cluster.';

const SUBMIT_PROBLEMS = [
  OrganizationVisibilityErrors.NOT_FOUND,
  RbacErrors.ROLE_TOO_LOW,
  ClusterErrors.NOT_FOUND,
  DeploymentErrors.CLUSTER_DRAINING,
  DeploymentErrors.CLUSTER_DELETED,
  DeploymentErrors.QUEUE_LIMIT_REACHED,
  DeploymentErrors.EXCEEDS_CAPACITY,
  DeploymentErrors.INVALID_IMAGE,
  DeploymentErrors.EMPTY_REQUEST,
  DeploymentErrors.NAME_TAKEN,
  DeploymentErrors.PRIORITY_ABOVE_LIMIT,
  DeploymentErrors.RUNTIME_ABOVE_LIMIT,
];

/** How deployments come into queues. */
@Controller('organizations/:organizationId')
export class SubmissionsController {
  constructor(
    private readonly submissions: SubmissionsService,
    private readonly idempotency: Idempotency,
  ) {}

  @Post('clusters/:clusterId/deployments')
  @RequireRole('developer')
  @ApiRoute({
    id: 'submitDeployment',
    tag: TAG,
    summary: 'Submit a deployment',
    description:
      'Puts it into the queue of the cluster; the scheduler looks at once. What exceeds the whole cluster is refused.',
    answer: DeploymentDto,
    status: 201,
    problems: SUBMIT_PROBLEMS,
  })
  async submit(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('clusterId', CLUSTER) clusterId: string,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: SubmitDeploymentDto,
  ): Promise<DeploymentDto> {
    return this.idempotency.once(request, actor.id, async () =>
      toDeploymentDto(await this.submissions.submit(actor, organizationId, clusterId, toOrder(body))),
    );
  }

  @Post('clusters/:clusterId/deployments/batch')
  @RequireRole('developer')
  @BodyLimit(MAX_BATCH_BYTES)
  @ApiRoute({
    id: 'submitDeployments',
    tag: TAG,
    summary: 'Submit many deployments',
    description:
      'At most 10,000. With `onError: abort`, the default, all of them or none: when one is refused, the pointers of the problem say which, and nothing is queued. With `continue`, each is taken or refused for itself, and `results` says so in their order.',
    answer: BatchDto,
    status: 201,
    problems: SUBMIT_PROBLEMS,
  })
  async submitBatch(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('clusterId', CLUSTER) clusterId: string,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: SubmitBatchDto,
  ): Promise<BatchDto> {
    return this.idempotency.once(request, actor.id, async () =>
      toBatchDto(await this.submissions.submitMany(actor, organizationId, clusterId, toOrders(body), body.onError)),
    );
  }
}
