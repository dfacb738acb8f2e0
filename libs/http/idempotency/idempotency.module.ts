import { Global, Module } from '@nestjs/common';

import { Idempotency } from './idempotency.js';
import { IdempotencyRetention } from './idempotency-retention.js';

/** For every controller that creates something. Needs the database, which not every application has. */
@Global()
@Module({ providers: [Idempotency, IdempotencyRetention], exports: [Idempotency] })
export class IdempotencyModule {}
