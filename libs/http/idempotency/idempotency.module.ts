import { Global, Module } from '@nestjs/common';

import { BackgroundModule } from '#background';

import { Idempotency } from './idempotency.js';
import { IdempotencyRetention } from './idempotency-retention.js';

/** Serves every controller that creates resources. Needs the database, which not every application has. */
@Global()
@Module({
  imports: [BackgroundModule],
  providers: [Idempotency, IdempotencyRetention],
  exports: [Idempotency],
})
export class IdempotencyModule {}
