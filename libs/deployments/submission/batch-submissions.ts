import { PassThrough } from 'node:stream';

import { Injectable, Logger, StreamableFile } from '@nestjs/common';

import { DomainError } from '#kernel';
import {
  Idempotency,
  JSON_LINES_TYPE,
  type JsonLines,
  type KeyedRequest,
  type LineChunk,
  readLine,
  Turns,
} from '#http';

import { type BatchDto, type BatchLineDto, MAX_LINES, MAX_REFUSED_LINES } from './batches.dto.js';
import { SubmitBatchDto, SubmitDeploymentDto } from './submissions.dto.js';
import { toBatchDto } from './batches.mapper.js';
import { toOrder, toOrders } from './submissions.mapper.js';
import { resultsOf } from './line-results.js';
import { type BatchTarget, SubmissionsService } from './submissions.service.js';

/** Submits batches: one body with one answer, or lines that are answered while more of them arrive. */
@Injectable()
export class BatchSubmissions {
  private readonly logger = new Logger(BatchSubmissions.name);

  constructor(
    private readonly submissions: SubmissionsService,
    private readonly idempotency: Idempotency,
    private readonly turns: Turns,
  ) {}

  async submit(target: BatchTarget, request: KeyedRequest, body: SubmitBatchDto): Promise<BatchDto> {
    const options = { onError: body.onError, pointerOf: (index: number) => `/deployments/${index}` };
    return this.idempotency.once(request, target.actor.id, async () =>
      toBatchDto(
        this.turns,
        target.actor,
        await this.submissions.submitMany(target, await toOrders(this.turns, target.actor, body), options),
      ),
    );
  }

  /**
   * Submits lines. The answer begins when the first chunk is queued: a refusal of that chunk as a whole is an ordinary problem.
   *
   * Answers are buffered until the client reads them: many clients read nothing before they have sent all lines, and would otherwise never
   * finish. The limits on lines and refusals bound the buffer.
   */
  async submitLines(target: BatchTarget, request: KeyedRequest, lines: JsonLines): Promise<StreamableFile> {
    const answers = resultsOf(
      lines.chunks(),
      (part, chunk) => this.chunk(target, request.part(part, chunk.digest), chunk),
      { lines: MAX_LINES, refused: MAX_REFUSED_LINES },
    );
    const first = await answers.next();
    const out = new PassThrough();
    const pump = async (): Promise<void> => {
      if (first.done !== true) write(out, first.value);
      for await (const some of answers) write(out, some);
      out.end();
    };
    pump().catch((error: unknown) => {
      // The client is gone, or notices that the answer has no end. Queued deployments stay.
      this.logger.warn(`a stream of submissions was cut off: ${String(error)}`);
      out.destroy();
    });
    return new StreamableFile(out, { type: JSON_LINES_TYPE });
  }

  private async chunk(target: BatchTarget, request: KeyedRequest, { lines }: LineChunk): Promise<BatchLineDto[]> {
    const { results } = await this.idempotency.once(request, target.actor.id, async () => {
      const orders = await this.turns.map(target.actor.accountId, lines, (line) => {
        const submitted = readLine(SubmitDeploymentDto, line);
        return submitted instanceof DomainError ? submitted : toOrder(submitted);
      });
      const options = { onError: 'continue', pointerOf: () => '' } as const;
      return toBatchDto(this.turns, target.actor, await this.submissions.submitMany(target, orders, options));
    });
    return results.map(({ id, problem }, position) => ({
      index: lines[position]?.index ?? position,
      ...(id === undefined ? {} : { id }),
      ...(problem === undefined ? {} : { problem }),
    }));
  }
}

function write(out: PassThrough, answers: readonly BatchLineDto[]): void {
  out.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
}
