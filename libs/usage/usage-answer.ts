import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { map, type Observable } from 'rxjs';

import { UsageDto, type UsageQuery } from './usage.dto.js';
import { toUsageCsv } from './usage-csv.js';

interface UsageRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly query: Partial<Pick<UsageQuery, 'table'>>;
}

interface UsageResponse {
  getHeader(name: string): unknown;
  header(name: string, value: string): unknown;
}

/** Turns the answer into CSV for a client that asks for it. */
class UsageCsvInterceptor implements NestInterceptor<UsageDto, UsageDto | string> {
  intercept(context: ExecutionContext, next: CallHandler<UsageDto>): Observable<UsageDto | string> {
    const request = context.switchToHttp().getRequest<UsageRequest>();
    const response = context.switchToHttp().getResponse<UsageResponse>();
    const vary = response.getHeader('vary');
    response.header('vary', typeof vary === 'string' && vary !== '' ? `${vary}, Accept` : 'Accept');
    return next.handle().pipe(
      map((usage) => {
        if (!prefersCsv(request.headers['accept'])) return usage;
        response.header('content-type', 'text/csv; charset=utf-8');
        response.header('content-disposition', 'attachment; filename="usage.csv"');
        return toUsageCsv(usage, request.query.table ?? 'points');
      }),
    );
  }
}

/** Whether CSV is asked for before JSON. Browsers and most clients send neither. */
function prefersCsv(accept: string | readonly string[] | undefined): boolean {
  const types = String(accept ?? '')
    .split(',')
    .map((type) => type.split(';')[0]?.trim().toLowerCase());
  const csv = types.indexOf('text/csv');
  const json = types.indexOf('application/json');
  return csv !== -1 && (json === -1 || csv < json);
}

/** Answers usage as JSON, or as CSV where `Accept` says so, and documents both. To stand above `@ApiRoute`. */
export function UsageAnswer(): MethodDecorator {
  return applyDecorators(
    UseInterceptors(UsageCsvInterceptor),
    ApiResponse({
      status: 200,
      description: 'With `Accept: text/csv`, the table that the query names, with a line of headings.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath(UsageDto) } },
        'text/csv': { schema: { type: 'string' } },
      },
    }),
  );
}
