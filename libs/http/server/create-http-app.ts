import {
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  Module,
  RequestMethod,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OpenAPIObject } from '@nestjs/swagger';
import { fastify as createFastify } from 'fastify';
import type { Logger } from 'pino';

import { ConfigModule, type Settings } from '#config';

import { BodyIntake } from '../bodies/body-intake.js';
import { RequestPipe } from './request.pipe.js';
import { UndeclaredInputGuard } from './undeclared-input.guard.js';
import { HttpModule } from '../http.module.js';
import { serveDocumentation } from '../openapi/documentation.js';
import { createOpenApiDocument, type TagDescription } from '../openapi/document.js';
import { ProblemFilter, type ReportUnexpected } from './problem.filter.js';
import { allowOrigins } from './cors.js';
import { addEntityTags } from '../versions/entity-tag.js';
import { addLocations } from '../openapi/locations.js';
import { Turns } from '../bodies/turns.js';
import { writeBigAnswersInSlices } from './big-answers.js';
import { Drain } from './drain.js';
import { addRequestHooks, answerOtherMethods, collectRoutes, passBodiesUnread } from './hooks.js';
import { requireOneHost } from './host.js';
import { createLogger, NestLogger } from './logger.js';
import { measureRequests } from './request-metrics.js';
import { closeAfterUnreadBodies } from './unread-body.js';
import { answerExpectation, fastifyOptions } from './transport.js';

/** Paths outside of `/v1`. */
const OUTSIDE = [
  'health/live',
  'health/ready',
  'health/startup',
  'metrics',
  'problems',
  'problems/:code',
  '.well-known/jwks.json',
];

@Module({})
class HttpRoot {}

const rootOf = (module: Type | DynamicModule, settings: Settings): DynamicModule => ({
  module: HttpRoot,
  imports: [ConfigModule.forRoot(settings), HttpModule, module],
});

function mountUnderVersion(app: INestApplication): void {
  app.setGlobalPrefix('v1', { exclude: OUTSIDE.map((path) => ({ path, method: RequestMethod.ALL })) });
}

/** Options of an application. */
export interface HttpAppOptions {
  /** The default writes JSON lines to standard output. */
  readonly logger?: Logger;
  /** The groups of routes in the OpenAPI document, in the order of display. */
  readonly tags?: readonly TagDescription[];
  /** Whether `/openapi.json` and `/docs` are served; default true. */
  readonly isDocumented?: boolean;
}

/**
 * The application, initialized and ready to listen: strict JSON, problems for all errors, security headers, CORS,
 * request ids, limits, 405 and OPTIONS, `/openapi.json`, `/docs`, `/problems`, controllers under `/v1`.
 *
 * @throws the error of a module that fails to start
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  settings: Settings,
  options: HttpAppOptions = {},
): Promise<NestFastifyApplication> {
  const logger = options.logger ?? createLogger(settings);
  const accessLog = logger.child({}, { redact: [] });
  const report: ReportUnexpected = (err, requestId) => logger.error({ err, requestId }, 'unexpected error');
  const fastify = createFastify(fastifyOptions(settings));
  const adapter = new FastifyAdapter(fastify);

  // 1. Below the framework: bodies, headers, ids, the log.
  passBodiesUnread(fastify);
  closeAfterUnreadBodies(fastify);
  addRequestHooks(fastify, accessLog);
  requireOneHost(fastify);
  measureRequests(fastify);
  addEntityTags(fastify);
  addLocations(fastify);
  allowOrigins(fastify, settings.corsOrigins);
  const methodsByPath = collectRoutes(fastify);
  fastify.server.on('checkExpectation', answerExpectation);

  // 2. The framework.
  const app = await NestFactory.create<NestFastifyApplication>(rootOf(module, settings), adapter, {
    bodyParser: false,
    forceCloseConnections: true,
    abortOnError: false,
    logger: new NestLogger(logger) satisfies LoggerService,
  });
  mountUnderVersion(app);
  app.useGlobalFilters(new ProblemFilter(report));
  app.useGlobalPipes(new RequestPipe(app.get(BodyIntake)));
  app.useGlobalGuards(new UndeclaredInputGuard(app.get(BodyIntake)));
  app.get(Drain).watch(fastify);
  writeBigAnswersInSlices(fastify, app.get(Turns));

  // 3. All routes, then the answers to other methods.
  await app.init();
  if (options.isDocumented !== false) serveDocumentation(app, options.tags);
  answerOtherMethods(fastify, methodsByPath);
  await fastify.ready();
  return app;
}

/**
 * The OpenAPI document of the application, without starting it: no provider is instantiated and no server is needed.
 *
 * @throws TypeError when a route is not described by `@ApiRoute`, or declares an unknown error
 */
export async function describeHttpApp(
  module: Type | DynamicModule,
  settings: Settings,
  tags: readonly TagDescription[] = [],
): Promise<OpenAPIObject> {
  const app = await NestFactory.create<NestFastifyApplication>(rootOf(module, settings), new FastifyAdapter(), {
    preview: true,
    abortOnError: false,
    logger: false,
  });
  mountUnderVersion(app);
  return createOpenApiDocument(app, tags);
}
