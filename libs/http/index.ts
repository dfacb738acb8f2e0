export { HttpModule } from './http.module.js';
export { createHttpApp, describeHttpApp, type HttpAppOptions } from './server/create-http-app.js';
export { BodyLimit } from './server/body-limit.js';
export { atOnce, mapInSteps, type Steps, Turns } from './bodies/turns.js';
export { Drain } from './server/drain.js';
export { AcceptsEventStream, EventStreams, type Frames, type StreamRequest } from './server/event-streams.js';
export { SHUTDOWN_MS, stopOnSignal } from './server/shutdown.js';
export { logWithRequest } from './server/hooks.js';
export { createLogger, NestLogger } from './server/logger.js';
export { currentRequest, type RequestContext, runOnBehalfOf } from './server/request-context.js';
export { HTTP_LIMITS } from './server/transport.js';
export {
  DeclaredError,
  defineErrors,
  errorCatalogue,
  type ErrorDeclaration,
  type ErrorEntry,
} from './problems/error-catalogue.js';
export { type Problem, problemOf } from './problems/problem.js';
export { RequestErrors, StorageErrors, TransportError, TransportErrors } from './problems/request.errors.js';
export { Idempotency } from './idempotency/idempotency.js';
export { IdempotencyKey, KeyedRequest } from './idempotency/idempotency-key.js';
export { IdempotencyModule } from './idempotency/idempotency.module.js';
export { IdempotentAnswerSchema } from './idempotency/idempotent-answer.entity.js';
export { IdempotencyRetention, KEPT_HOURS } from './idempotency/idempotency-retention.js';
export { MAX_WAIT_SECONDS, PreferWait, WaitPreference } from './preferences/prefer-wait.js';
export { JSON_LINES_TYPE, JsonLines, LINE_LIMITS, type LineChunk, readLine } from './lines/json-lines.js';
export { withEntityTag } from './versions/entity-tag.js';
export { ExpectedVersions } from './versions/expected-versions.js';
export { IfMatch } from './versions/if-match.js';
export { IdParam, IdsParam } from './fields/id-param.js';
export { present, type Presentable } from './fields/present.js';
export { invalidInput } from './fields/invalid-input.js';
export { readDto, readItem } from './fields/read-dto.js';
export { type DtoClass, type FieldOptions, type FieldRule, InvalidItem, EditOf, ObjectRule } from './fields/rule.js';
export { type Violation } from './fields/checks.js';
export {
  FreeTextField,
  IdField,
  idRule,
  NameField,
  StringField,
  type StringOptions,
  stringRule,
  TimestampField,
} from './fields/text.js';
export {
  ArrayField,
  BooleanField,
  CountField,
  DecimalField,
  EnumField,
  enumRule,
  IntegerField,
  integerRule,
  ItemsField,
  ListField,
  MapField,
  ObjectField,
  OpaqueField,
} from './fields/values.js';
export { type CursorPosition } from './paging/cursor-codec.js';
export { MAX_COMPARED, MAX_PAGE_SIZE, type Page, PageOf, PageQuery, PageRequest, Pages } from './paging/page.js';
export { PagingModule } from './paging/paging.module.js';
export { isLoopback, keyOf, networkOf } from './server/addresses.js';
export { BoundedRead, ReadTurns } from './reads/bounded-read.js';
export { ApiRoute, GUARD_EXTENSION, LIMIT_EXTENSION, NEW_WORK, type RouteDescription } from './openapi/api-route.js';
export { createOpenApiDocument, type TagDescription } from './openapi/document.js';
export { ProblemDto } from './openapi/problem.dto.js';
