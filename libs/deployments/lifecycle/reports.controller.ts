import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ClusterParam } from '#clusters';
import { ApiRoute, BodyLimit, Turns } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { DeploymentDto } from '../deployments.dto.js';
import { DeploymentParam, type DeploymentRef } from '../deployment-param.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { toDeploymentDto } from '../deployments.mapper.js';
import { BatchDto, MAX_BATCH_BYTES } from '../submission/batches.dto.js';
import { toBatchDto } from '../submission/batches.mapper.js';
import { CompleteBatchDto, CompleteDeploymentDto, StartDeploymentDto } from './reports.dto.js';
import { type Report } from './reports.js';
import { ReportsService } from './reports.service.js';

const PROBLEMS = [DeploymentErrors.INVALID_STATE, DeploymentErrors.STALE_ATTEMPT];

/** Records what runtimes report. */
@ApiTags('deployments')
@Controller('organizations/:organizationId')
export class ReportsController {
  constructor(
    private readonly reports: ReportsService,
    private readonly turns: Turns,
  ) {}

  @Post('clusters/:clusterId/deployments/complete')
  @RequireRole('developer', { ownership: 'own-or-admin', alsoScope: 'runtime' })
  @BodyLimit(MAX_BATCH_BYTES)
  @ApiRoute({
    id: 'completeDeployments',
    summary: 'Report the ends of many deployments',
    result: 'What became of each report, in their order.',
    description:
      'Records how attempts in this cluster ended. Each report has its own result, in order; a repeated report changes nothing.',
    answer: BatchDto,
  })
  async completeBatch(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Body() { reports }: CompleteBatchDto,
  ): Promise<BatchDto> {
    return toBatchDto(
      this.turns,
      actor,
      await this.reports.completeBatch(
        actor,
        cluster,
        reports.map((report) => toReport(report.id, report)),
      ),
    );
  }

  @Post('deployments/:deploymentId/start')
  @RequireRole('developer', { ownership: 'own-or-admin', alsoScope: 'runtime' })
  @ApiRoute({
    id: 'startDeployment',
    summary: 'Report the start of a deployment',
    result: 'The deployment, whose attempt is recorded as running.',
    description:
      'Optional: a runtime reports that the attempt runs. A repeated report changes nothing, also after a request to stop: the answer then has `stopping`. A report after the end of the attempt is refused, with the present status.',
    answer: DeploymentDto,
    problems: PROBLEMS,
  })
  async start(
    @CurrentActor() actor: Actor,
    @DeploymentParam() deployment: DeploymentRef,
    @Body() { attempt }: StartDeploymentDto,
  ): Promise<DeploymentDto> {
    return toDeploymentDto(await this.reports.start(actor, deployment, attempt ?? null));
  }

  @Post('deployments/:deploymentId/complete')
  @RequireRole('developer', { ownership: 'own-or-admin', alsoScope: 'runtime' })
  @ApiRoute({
    id: 'completeDeployment',
    summary: 'Report the end of a deployment',
    result: 'The deployment, whose attempt is recorded as ended.',
    description:
      'How the attempt ended. Its resources are released within milliseconds. When it `failed` and a retry is left, it is `retrying`: after a second, then two, four, ... at most five minutes the next attempt is queued. A repeated report changes nothing. A report of another attempt, or of another outcome, is refused, with the present status.\n\nA `stopping` deployment ends by either outcome, with the status `stopping.outcome`, and is not retried; a preempted one is `succeeded` where that is reported.',
    answer: DeploymentDto,
    problems: PROBLEMS,
  })
  async complete(
    @CurrentActor() actor: Actor,
    @DeploymentParam() deployment: DeploymentRef,
    @Body() body: CompleteDeploymentDto,
  ): Promise<DeploymentDto> {
    return toDeploymentDto(
      await this.reports.complete(actor, deployment.organizationId, toReport(deployment.deploymentId, body)),
    );
  }
}

function toReport(id: string, { outcome, attempt, message }: CompleteDeploymentDto): Report {
  return { id, outcome, attempt: attempt ?? null, message: message ?? null };
}
