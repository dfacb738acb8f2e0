import { Body, Controller, Post, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ClusterParam } from '#clusters';
import { ApiRoute, BodyLimit, Idempotency, IdempotencyKey, JsonLines, type KeyedRequest, PreferWait } from '#http';
import { OrganizationErrors } from '#organizations';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { BatchDto, BatchLineDto, MAX_BATCH_BYTES } from './batches.dto.js';
import { DeploymentDto } from '../deployments.dto.js';
import { SubmitBatchDto, SubmitDeploymentDto } from './submissions.dto.js';
import { BatchSubmissions } from './batch-submissions.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { toDeploymentDto } from '../deployments.mapper.js';
import { toOrder } from './submissions.mapper.js';
import { PlacementPresenter } from './placement-presenter.js';
import { SubmissionsService } from './submissions.service.js';

const SUBMIT_PROBLEMS = [
  DeploymentErrors.CLUSTER_DRAINING,
  DeploymentErrors.CLUSTER_DELETED,
  DeploymentErrors.QUEUE_LIMIT_REACHED,
  OrganizationErrors.BYTES_LIMIT_REACHED,
  DeploymentErrors.EXCEEDS_CAPACITY,
  DeploymentErrors.INVALID_IMAGE,
  DeploymentErrors.EMPTY_REQUEST,
  DeploymentErrors.NAME_TAKEN,
  DeploymentErrors.PRIORITY_ABOVE_LIMIT,
  DeploymentErrors.RUNTIME_ABOVE_LIMIT,
];

/** Submits deployments. */
@ApiTags('deployments')
@Controller('organizations/:organizationId')
export class SubmissionsController {
  constructor(
    private readonly submissions: SubmissionsService,
    private readonly idempotency: Idempotency,
    private readonly placed: PlacementPresenter,
    private readonly batches: BatchSubmissions,
  ) {}

  @Post('clusters/:clusterId/deployments')
  @PreferWait({ until: 'it is scheduled' })
  @RequireRole('developer')
  @ApiRoute({
    id: 'submitDeployment',
    summary: 'Submit a deployment',
    result: 'The deployment is queued. After `Prefer: wait` it may be scheduled.',
    description:
      'Queues it in the cluster and wakes the scheduler. A request that exceeds the whole cluster is refused. With `Prefer: wait`, the answer waits until the deployment is scheduled, and shows it then; under an `Idempotency-Key` the wait is not part of the stored answer, and a repeated request waits again.',
    answer: DeploymentDto,
    status: 201,
    location: '/v1/organizations/{organizationId}/deployments/{id}',
    problems: SUBMIT_PROBLEMS,
  })
  async submit(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: SubmitDeploymentDto,
  ): Promise<DeploymentDto> {
    return this.placed.afterWaiting(
      request.waitPreference(),
      actor,
      cluster.organizationId,
      await this.idempotency.once(request, actor.id, async () =>
        toDeploymentDto(await this.submissions.submit(actor, cluster, toOrder(body))),
      ),
    );
  }

  @Post('clusters/:clusterId/deployments/batch')
  @RequireRole('developer')
  @BodyLimit(MAX_BATCH_BYTES)
  @ApiRoute({
    id: 'submitDeployments',
    summary: 'Submit many deployments',
    result: 'What became of each deployment, in their order.',
    description:
      'At most 10,000. With `onError: abort`, the default, all of them or none: when one is refused, the pointers of the problem name it, and nothing is queued. With `continue`, each one is accepted or refused independently, with `results` in their order. More than that are sent as lines (`submitDeploymentLines`).',
    answer: BatchDto,
    status: 201,
    problems: SUBMIT_PROBLEMS,
  })
  async submitBatch(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @IdempotencyKey() request: KeyedRequest,
    @Body() body: SubmitBatchDto,
  ): Promise<BatchDto> {
    return this.batches.submit({ actor, cluster }, request, body);
  }

  @Post('clusters/:clusterId/deployments/lines')
  @RequireRole('developer')
  @ApiRoute({
    id: 'submitDeploymentLines',
    summary: 'Submit deployments in lines',
    result: 'One line for each line that was sent, in their order, while more of them arrive; a summary comes last.',
    description:
      'As `application/x-ndjson`, one deployment in each line of at most 64 KiB: up to 100,000 lines within 25 seconds, each accepted or refused independently and answered in a line of its own. Lines are queued in chunks of 1,000, one transaction each. When a body is cut off, the chunks that were queued stay; under an `Idempotency-Key`, send the same lines again: queued chunks are answered again and not queued again, and the rest follows.',
    status: 201,
    lines: { body: SubmitDeploymentDto, answer: BatchLineDto },
    problems: SUBMIT_PROBLEMS,
  })
  async submitLines(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @IdempotencyKey() request: KeyedRequest,
    @Body() lines: JsonLines,
  ): Promise<StreamableFile> {
    return this.batches.submitLines({ actor, cluster }, request, lines);
  }
}
