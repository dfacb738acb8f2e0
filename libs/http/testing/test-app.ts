import { generateKeyPairSync, randomBytes } from 'node:crypto';

import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Module,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { pino } from 'pino';

import { type ApiSettings, loadSettings } from '#config';
import {
  ApiRoute,
  ArrayField,
  BodyLimit,
  BooleanField,
  createHttpApp,
  DecimalField,
  defineErrors,
  EnumField,
  enumRule,
  FreeTextField,
  IdField,
  IdParam,
  IntegerField,
  ListField,
  MapField,
  NameField,
  ObjectField,
  ObjectRule,
  type Page,
  PageOf,
  PageQuery,
  Pages,
  PagingModule,
  StringField,
  TimestampField,
} from '#http';

export const CrateErrors = defineErrors('CRATES', {
  TOO_HEAVY: { kind: 'unprocessable', title: 'Crate too heavy', explanation: 'No truck carries it. Make it lighter.' },
});

@ObjectRule<ContentsDto>(({ cpu, memoryMib }) =>
  cpu === 0 && memoryMib === 0 ? { code: 'all-zero', message: 'must ask for something' } : undefined,
)
export class ContentsDto {
  @DecimalField({ description: 'Cores.', min: 0, max: 1_000_000, maxDecimals: 3, example: 2.5 })
  readonly cpu!: number;

  @IntegerField({ description: 'Memory in MiB.', min: 0, max: 1_000_000_000, example: 1024 })
  readonly memoryMib!: number;
}

export class ItemDto {
  @StringField({ description: 'An item.', max: 10, example: 'nail' })
  readonly item!: string;
}

export class CrateDto {
  @NameField({ description: 'The name.', example: 'blue' })
  readonly name!: string;

  @ObjectField(() => ContentsDto, { description: 'What it holds.' })
  readonly resources!: ContentsDto;

  @BooleanField({ description: 'Breaks easily.', default: false })
  readonly fragile!: boolean;

  @EnumField(['low', 'high'], { description: 'How urgent.', optional: true })
  readonly urgency?: 'low' | 'high';

  @IdField({ description: 'Who owns it.', optional: true })
  readonly ownerId?: string;

  @TimestampField({ description: 'When it is due.', optional: true, nullable: true })
  readonly dueAt?: string | null;

  @FreeTextField({ description: 'Anything.', max: 200, optional: true })
  readonly note?: string;

  @ArrayField(() => ItemDto, { description: 'Parts.', max: 100, optional: true })
  readonly parts?: readonly ItemDto[];

  @MapField({
    description: 'Labels.',
    example: { colour: 'blue' },
    maxEntries: 8,
    key: /^[a-z][a-z0-9-]*$/,
    maxKeyLength: 20,
    keyMessage: 'must be labelled in lower case',
    maxValueLength: 20,
    optional: true,
  })
  readonly labels?: Readonly<Record<string, string>>;
}

export class CrateQuery extends PageQuery {
  @BooleanField({ description: 'Only fragile ones.', optional: true })
  readonly fragile?: boolean;

  @ListField(enumRule(['low', 'high'], { description: '' }), { description: 'Urgencies.', max: 2, optional: true })
  readonly urgency?: readonly string[];

  @NameField({ description: 'Beginning of the name.', example: 'bl', optional: true })
  readonly namePrefix?: string;
}

export class NumberDto {
  @IntegerField({ description: 'A number.', min: 0, max: 1000, example: 1 })
  readonly number!: number;
}

const SCOPE = { organizationId: 'one' };

@Controller('crates')
export class CratesController {
  /** The error that the next call of `open` throws; set by a test. */
  static failure: Error | undefined;

  constructor(private readonly pages: Pages) {}

  @Post()
  @ApiRoute({
    id: 'createCrate',
    tag: 'crates',
    summary: 'Create a crate',
    description: 'Creates one.',
    access: 'public',
    answer: CrateDto,
    status: 201,
    problems: [CrateErrors.TOO_HEAVY],
  })
  create(@Body() crate: CrateDto): CrateDto {
    return crate;
  }

  @Post('batch')
  @BodyLimit(1024 * 1024)
  @ApiRoute({
    id: 'createCrates',
    tag: 'crates',
    summary: 'Create crates',
    description: 'Creates many.',
    access: 'public',
    answer: CrateDto,
  })
  createMany(@Body() crate: CrateDto): CrateDto {
    return crate;
  }

  @Get()
  @ApiRoute({
    id: 'listCrates',
    tag: 'crates',
    summary: 'List crates',
    description: 'Lists them.',
    access: 'public',
    answer: PageOf(NumberDto),
  })
  list(@Query() query: CrateQuery): Page<NumberDto> {
    const page = this.pages.open('crates', SCOPE, query);
    const start = page.after === undefined ? 0 : Number(page.after[0]) + 1;
    const rows = Array.from({ length: Math.min(page.take, 120 - start) }, (_, index) => start + index);
    return page.of(
      rows,
      (row) => [row],
      (number) => ({ number }),
    );
  }

  @Get('of/:ownerName')
  @ApiRoute({
    id: 'listOtherCrates',
    tag: 'crates',
    summary: 'List crates of an owner',
    description: 'Lists them.',
    access: 'public',
    answer: PageOf(NumberDto),
    params: { ownerName: 'Whose.' },
  })
  listOf(@Param('ownerName') owner: string, @Query() query: PageQuery): Page<NumberDto> {
    const page = this.pages.open('crates', { organizationId: owner }, query);
    return page.of(
      [1, 2],
      (row) => [row],
      (number) => ({ number }),
    );
  }

  @Get(':crateId')
  @ApiRoute({
    id: 'getCrate',
    tag: 'crates',
    summary: 'Get a crate',
    result: 'The crate.',
    description: 'Gets it.',
    access: 'viewer',
    answer: ItemDto,
  })
  read(@IdParam('crateId', 'The crate.') crateId: string): ItemDto {
    return { item: crateId };
  }

  @Post(':crateId/open')
  @ApiRoute({
    id: 'openCrate',
    tag: 'crates',
    summary: 'Open a crate',
    result: 'The open crate.',
    description: 'Opens it.',
    access: 'developer',
    answer: ItemDto,
  })
  open(@IdParam('crateId', 'The crate.') crateId: string): ItemDto {
    if (CratesController.failure !== undefined) {
      throw CratesController.failure;
    }
    return { item: crateId };
  }
}

/** Gives every request a principal, unless it says that it has none. */
class PrincipalGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.headers['x-anonymous'] === undefined) request.account = 'account-1';
    return true;
  }
}

@Module({
  imports: [PagingModule],
  controllers: [CratesController],
  providers: [{ provide: APP_GUARD, useClass: PrincipalGuard }],
})
export class CratesModule {}

/** Settings as a process would have them. */
export function testSettings(env: Readonly<Record<string, string>> = {}): ApiSettings {
  const key = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), kid: 'k1' };
  return loadSettings({
    DATABASE_URL: 'postgresql://localhost/none',
    REDIS_URL: 'redis://localhost',
    STOWAGE_JWT_KEYS: JSON.stringify([key]),
    STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
    ...env,
  });
}

/** Lines that the application logged. */
export type Log = Record<string, unknown>[];

/** The real application around `CratesModule`, with what it logs. */
export async function testApp(
  env: Readonly<Record<string, string>> = {},
): Promise<{ app: NestFastifyApplication; log: Log }> {
  const log: Log = [];
  const logger = pino({ level: 'info' }, { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) });
  return { app: await createHttpApp(CratesModule, testSettings(env), { logger }), log };
}
