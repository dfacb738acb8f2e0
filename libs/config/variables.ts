import { availableParallelism } from 'node:os';

import type { ValueOf } from './variable.js';
import {
  integer,
  oneOf,
  origin,
  origins,
  path,
  secretBytes,
  secretText,
  serverUrl,
  signingKeys,
  text,
  trustedProxies,
} from './variable-types.js';

const DAY = 86_400;
const HALF_THE_CORES = Math.max(1, Math.floor(availableParallelism() / 2));

const server = {
  environment: oneOf(
    'NODE_ENV',
    ['development', 'test', 'production'],
    'What the process is for. In production, web origins must be https and STOWAGE_TRUST_PROXY must be set.',
  ).or('development'),
  port: integer('PORT', {
    min: 0,
    max: 65_535,
    unit: 'TCP port',
    about: 'Where the API listens; 0 lets the system choose. A port that is taken is never replaced by another.',
  }).or(3000),
  workerPort: integer('STOWAGE_WORKER_PORT', {
    min: 0,
    max: 65_535,
    unit: 'TCP port',
    about: 'Where a worker answers health checks and tells its metrics, on the address in HOST. Without it, nowhere.',
  }).optional(),
  host: text('HOST', {
    unit: 'address or host name',
    maxLength: 253,
    about:
      'The address on which the API listens, and a worker with a port. The default is reachable from this machine only.',
  }).or('127.0.0.1'),
  publicUrl: origin(
    'STOWAGE_PUBLIC_URL',
    'The address by which clients reach the API. It becomes the issuer of access tokens.',
  ).optional(),
  trustProxy: trustedProxies(
    'STOWAGE_TRUST_PROXY',
    'Whose X-Forwarded-For is believed: none, that many proxies in front, or the addresses of proxies.',
  ).or(false),
  corsOrigins: origins(
    'STOWAGE_CORS_ORIGINS',
    'Web origins whose pages may call the API from a browser. Cookies are never used.',
  ).or([]),
  stopDelaySeconds: integer('STOWAGE_STOP_DELAY_SECONDS', {
    min: 0,
    max: 30,
    unit: 'seconds',
    about:
      'How long an API that is asked to stop still takes requests, so that a load balancer sees it is not ready before it is gone. Give it twice the interval of the health checks, and 20 s more until it is killed.',
  }).or(0),
  logLevel: oneOf(
    'STOWAGE_LOG_LEVEL',
    ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    'The least severe messages that are written.',
  ).or('info'),
  tracesExporter: oneOf(
    'OTEL_TRACES_EXPORTER',
    ['none', 'otlp', 'console'],
    'Whether traces are made, and where they go. The other standard variables of OpenTelemetry (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, ...) are read by its SDK.',
  ).or('none'),
};

const storage = {
  databaseUrl: serverUrl(
    'DATABASE_URL',
    ['postgresql:', 'postgres:'],
    'The PostgreSQL (15 to 18) that holds everything. npm start brings its own when this is not set.',
  ),
  databasePoolMax: integer('STOWAGE_DATABASE_POOL_MAX', {
    min: 2,
    max: 500,
    unit: 'connections',
    about: 'The most connections that one process opens to PostgreSQL.',
  }).or(10),
  redisUrl: serverUrl(
    'REDIS_URL',
    ['redis:', 'rediss:'],
    'The Redis (7) that carries nudges between API and worker. It holds no truth. npm start brings its own when this is not set.',
  ),
};

/** What is given to the API and to nobody else: whoever has these can sign in as anybody. */
const apiSecrets = {
  jwtKeys: signingKeys(
    'STOWAGE_JWT_KEYS',
    'Keys of access tokens: the first signs, all verify. To rotate, put a new one in front, and remove the old one when its tokens have expired. Only the API reads them: workers must not have them.',
  ),
  tokenSecret: secretBytes('STOWAGE_TOKEN_SECRET', {
    minBytes: 32,
    about:
      'The key from which refresh tokens and page cursors are derived. Changing it ends all sessions. Only the API reads it: workers must not have it.',
  }),
};

const secrets = {
  metricsToken: secretText('STOWAGE_METRICS_TOKEN', {
    minLength: 16,
    about: 'Bearer token for /metrics. Without it, only this machine may read the metrics.',
  }).optional(),
};

const sessions = {
  accessTokenSeconds: integer('STOWAGE_ACCESS_TOKEN_SECONDS', {
    min: 60,
    max: 900,
    unit: 'seconds',
    about: 'How long an access token is valid.',
  }).or(900),
  refreshIdleSeconds: integer('STOWAGE_REFRESH_IDLE_SECONDS', {
    min: 300,
    max: 90 * DAY,
    unit: 'seconds',
    about: 'A session that is not refreshed for so long ends.',
  }).or(7 * DAY),
  refreshAbsoluteSeconds: integer('STOWAGE_REFRESH_ABSOLUTE_SECONDS', {
    min: 300,
    max: 365 * DAY,
    unit: 'seconds',
    about: 'A session ends after so long, however often it is refreshed.',
  }).or(30 * DAY),
  passwordMinLength: integer('STOWAGE_PASSWORD_MIN_LENGTH', {
    min: 8,
    max: 64,
    unit: 'characters',
    about: 'The shortest password that is accepted. 15 is recommended where passwords are the only factor.',
  })
    .or(8)
    .recommending('15'),
  argon2MemoryKib: integer('STOWAGE_ARGON2_MEMORY_KIB', {
    min: 19_456,
    max: 1_048_576,
    unit: 'KiB',
    about: 'Memory for hashing one password with argon2id. Weaker hashes are renewed at login.',
  }).or(19_456),
  argon2Passes: integer('STOWAGE_ARGON2_PASSES', {
    min: 2,
    max: 20,
    unit: 'passes',
    about: 'Passes over that memory.',
  }).or(2),
  argon2Concurrency: integer('STOWAGE_ARGON2_CONCURRENCY', {
    min: 1,
    max: 64,
    unit: 'passwords',
    about: 'How many passwords are hashed at once; more wait in a short queue.',
  }).or(HALF_THE_CORES, 'half the cores, at least 1'),
};

const abuse = {
  rateRequestsPerSecond: integer('STOWAGE_RATE_REQUESTS_PER_SECOND', {
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    about: 'The most requests of one principal in a second, whatever the address.',
  }).or(2000),
  rateRegistrationsPerMinute: integer('STOWAGE_RATE_REGISTRATIONS_PER_MINUTE', {
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    about: 'The most registrations from one address in a minute.',
  }).or(600),
  rateTakenNames: integer('STOWAGE_RATE_TAKEN_NAMES', {
    min: 1,
    max: 1_000_000,
    unit: 'answers',
    about: 'How often one address may be told in ten minutes that a username is taken.',
  }).or(30),
  rateLoginsPerMinute: integer('STOWAGE_RATE_LOGINS_PER_MINUTE', {
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    about: 'The most logins from one address in a minute, successful or not.',
  }).or(600),
  rateLoginFailuresPerMinute: integer('STOWAGE_RATE_LOGIN_FAILURES_PER_MINUTE', {
    min: 1,
    max: 1_000_000,
    unit: 'failures',
    about: 'The most failed logins from one address in a minute, over all accounts.',
  }).or(100),
  rateRefreshesPerMinute: integer('STOWAGE_RATE_REFRESHES_PER_MINUTE', {
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    about: 'The most refreshes from one address in a minute.',
  }).or(3000),
  rateResetsPerMinute: integer('STOWAGE_RATE_RESETS_PER_MINUTE', {
    min: 1,
    max: 1_000_000,
    unit: 'requests',
    about: 'The most uses of a reset code from one address in a minute.',
  }).or(30),
  freeLoginFailures: integer('STOWAGE_FREE_LOGIN_FAILURES', {
    min: 1,
    max: 1_000,
    unit: 'failures',
    about: 'Failed logins on one account from one address before further ones must wait.',
  }).or(10),
  freeAccountFailures: integer('STOWAGE_FREE_ACCOUNT_FAILURES', {
    min: 10,
    max: 100_000,
    unit: 'failures',
    about: 'Failed logins on one account in an hour from all addresses before strange addresses must wait.',
  }).or(100),
  maxLoginDelaySeconds: integer('STOWAGE_MAX_LOGIN_DELAY_SECONDS', {
    min: 1,
    max: 3_600,
    unit: 'seconds',
    about: 'The longest that a failed login makes the next one wait; waits double up to here.',
  }).or(300),
};

const scheduling = {
  sweepIntervalMs: integer('STOWAGE_SWEEP_INTERVAL_MS', {
    min: 100,
    max: 60_000,
    unit: 'milliseconds',
    about: 'How often a worker looks for clusters whose nudge was lost.',
  }).or(1000),
  passMaxRows: integer('STOWAGE_PASS_MAX_ROWS', {
    min: 1,
    max: 50_000,
    unit: 'deployments',
    about: 'The most that one transaction of a pass places or releases. More makes cancelling wait longer.',
  }).or(5000),
  workerConcurrency: integer('STOWAGE_WORKER_CONCURRENCY', {
    min: 1,
    max: 64,
    unit: 'clusters',
    about: 'How many clusters one worker serves at the same time.',
  }).or(4),
  ledgerAuditHour: integer('STOWAGE_LEDGER_AUDIT_HOUR', {
    min: 0,
    max: 23,
    unit: 'hour of the day, UTC',
    about: 'When the whole ledger is recomputed from its first entry, once a day.',
  }).or(3),
  passRetentionDays: integer('STOWAGE_PASS_RETENTION_DAYS', {
    min: 1,
    max: 3650,
    unit: 'days',
    about: 'How long the record of a pass is kept.',
  }).or(30),
  passSnapshotHours: integer('STOWAGE_PASS_SNAPSHOT_HOURS', {
    min: 1,
    max: 87_600,
    unit: 'hours',
    about:
      'How long the snapshot of a pass is kept, by which its decisions are explained later: some kilobytes for each pass that decided something.',
  }).or(48),
  deploymentRetentionDays: integer('STOWAGE_DEPLOYMENT_RETENTION_DAYS', {
    min: 1,
    max: 3650,
    unit: 'days',
    about:
      'How long a deployment that has ended is kept, with its events and its entries of the ledger. What it used is kept for longer.',
  }).or(90),
  usageRetentionDays: integer('STOWAGE_USAGE_RETENTION_DAYS', {
    min: 1,
    max: 36_500,
    unit: 'days',
    about: 'How long it is known what deployments used that are not kept any more.',
  }).or(1100),
  queuePrefix: text('STOWAGE_QUEUE_PREFIX', {
    unit: 'word',
    maxLength: 64,
    about: 'Begins the name of every key in Redis, so that several installations can share one.',
  }).or('stowage'),
};

const limits = {
  limitOrganizations: integer('STOWAGE_LIMIT_ORGANIZATIONS', {
    min: 1,
    max: 100_000,
    unit: 'organizations',
    about: 'The most organizations that one user may create.',
  }).or(100),
  limitClusters: integer('STOWAGE_LIMIT_CLUSTERS', {
    min: 1,
    max: 100_000,
    unit: 'clusters',
    about: 'The most clusters of one organization.',
  }).or(100),
  limitMembers: integer('STOWAGE_LIMIT_MEMBERS', {
    min: 1,
    max: 1_000_000,
    unit: 'members',
    about: 'The most members of one organization.',
  }).or(10_000),
  limitInvites: integer('STOWAGE_LIMIT_INVITES', {
    min: 1,
    max: 100_000,
    unit: 'invites',
    about: 'The most invites of one organization that can still be used.',
  }).or(200),
  limitTokens: integer('STOWAGE_LIMIT_TOKENS', {
    min: 1,
    max: 100_000,
    unit: 'tokens',
    about: 'The most API tokens of one user or service account that can still be used.',
  }).or(100),
  limitOrganizationTokens: integer('STOWAGE_LIMIT_ORGANIZATION_TOKENS', {
    min: 1,
    max: 10_000_000,
    unit: 'tokens',
    about: 'The most API tokens of one organization, of members and service accounts together, that can still be used.',
  }).or(10_000),
  limitQueued: integer('STOWAGE_LIMIT_QUEUED', {
    min: 1,
    max: 1_000_000_000,
    unit: 'deployments',
    about: 'The most deployments of one organization that wait at the same time.',
  }).or(5_000_000),
};

const streams = {
  streamHeartbeatSeconds: integer('STOWAGE_STREAM_HEARTBEAT_SECONDS', {
    min: 1,
    max: 300,
    unit: 'seconds',
    about: 'An event stream on which nothing was said for so long says that it is still there. Less than proxies wait.',
  }).or(15),
  streamCheckSeconds: integer('STOWAGE_STREAM_CHECK_SECONDS', {
    min: 1,
    max: 60,
    unit: 'seconds',
    about: 'How often an open event stream asks again whether its reader may still read.',
  }).or(5),
  streamLimit: integer('STOWAGE_STREAM_LIMIT', {
    min: 1,
    max: 100_000,
    unit: 'streams',
    about: 'The most event streams that one process holds open.',
  }).or(5000),
};

/** The variables under the headings of `.env.example`. To add one, add an entry to its group: the rest follows. */
export const GROUPS = [
  { title: 'Server', variables: server },
  { title: 'Storage', variables: storage },
  { title: 'Secrets', variables: { ...apiSecrets, ...secrets } },
  { title: 'Accounts and sessions', variables: sessions },
  { title: 'Abuse', variables: abuse },
  { title: 'Scheduling', variables: scheduling },
  { title: 'Event streams', variables: streams },
  { title: 'Limits', variables: limits },
] as const;

/** Every setting that a worker has, by its name in the code. */
export const WORKER_VARIABLES = {
  ...server,
  ...storage,
  ...secrets,
  ...sessions,
  ...abuse,
  ...scheduling,
  ...streams,
  ...limits,
};

/** Every setting of the API: those of a worker, and what no worker may know. */
export const VARIABLES = { ...WORKER_VARIABLES, ...apiSecrets };

/** What only the one-machine start and the commands read. */
export const LOCAL_VARIABLES = {
  dataDirectory: path('STOWAGE_DATA_DIR', 'Where npm start keeps its own PostgreSQL, Redis and generated secrets.').or(
    '.data',
  ),
  traces: path('STOWAGE_TRACES', 'A folder of real traces for benchmarks and tests.').optional(),
};

type ValuesOf<Table> = { readonly [N in keyof Table]: ValueOf<Table[N]> };

/** The values of all settings of a worker, typed by the table. */
export type WorkerSettingValues = ValuesOf<typeof WORKER_VARIABLES>;

/** The values of all settings of the API. */
export type SettingValues = ValuesOf<typeof VARIABLES>;
