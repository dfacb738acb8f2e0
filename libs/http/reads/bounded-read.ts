import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  Optional,
  UseInterceptors,
} from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';

/** Lets reads that cost much take turns. Provided by `rbac`, which knows accounts; without it, reads run at once. */
export abstract class ReadTurns {
  /** Runs `read` when its turn has come. @throws REQUEST.TOO_MANY */
  abstract run<T>(context: ExecutionContext, read: () => Promise<T>): Promise<T>;
}

/** Stands before bounded reads only: an interceptor costs every request that passes it. */
@Injectable()
class BoundedReadInterceptor implements NestInterceptor {
  constructor(@Optional() private readonly turns?: ReadTurns) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { turns } = this;
    return turns === undefined
      ? next.handle()
      : from(turns.run(context, () => lastValueFrom(next.handle() as Observable<unknown>)));
  }
}

/** Marks a route whose reads take turns: a report that reads much. Lists are marked by the class of their answer. */
export const BoundedRead = (): MethodDecorator => applyDecorators(UseInterceptors(BoundedReadInterceptor));
