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
const GIB = 1024 ** 3;
const HALF_THE_CORES = Math.max(1, Math.floor(availableParallelism() / 2));

const server = {
  environment: oneOf('NODE_ENV', ['development', 'test', 'production'])
    .about('The purpose of the process. In production, web origins must be https and STOWAGE_TRUST_PROXY must be set.')
    .or('development'),
  port: integer('PORT', 0, 65_535, 'TCP port')
    .about('The port of the API; 0 lets the system choose. A port that is in use is never replaced by another.')
    .or(3000),
  workerPort: integer('STOWAGE_WORKER_PORT', 0, 65_535, 'TCP port')
    .about("The port of a worker's health checks and metrics, on the address in HOST. Not served when not set.")
    .optional(),
  host: text('HOST', 'address or host name', 253)
    .about(
      'The address on which the API listens, and a worker with a port. The default accepts local connections only.',
    )
    .or('127.0.0.1'),
  publicUrl: origin('STOWAGE_PUBLIC_URL')
    .about('The address by which clients reach the API. It becomes the issuer of access tokens.')
    .optional(),
  trustProxy: trustedProxies('STOWAGE_TRUST_PROXY')
    .about('The proxies whose X-Forwarded-For is trusted: none, a number of hops, or addresses.')
    .or(false),
  corsOrigins: origins('STOWAGE_CORS_ORIGINS')
    .about('Web origins whose pages may call the API from a browser. Cookies are never used.')
    .or([]),
  stopDelaySeconds: integer('STOWAGE_STOP_DELAY_SECONDS', 0, 30, 'seconds')
    .about(
      'How long an API that was told to stop still accepts requests, while its readiness check already fails, so that load balancers remove it first. Set it to twice the interval of the health checks, and let the process supervisor wait 20 s longer before it kills.',
    )
    .or(0),
  logLevel: oneOf('STOWAGE_LOG_LEVEL', ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .about('The least severe messages that are written.')
    .or('info'),
  tracesExporter: oneOf('OTEL_TRACES_EXPORTER', ['none', 'otlp', 'console'])
    .about(
      'Where traces are sent. The other standard variables of OpenTelemetry (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, ...) are read by its SDK.',
    )
    .or('none'),
};

const storage = {
  databaseUrl: serverUrl('DATABASE_URL', ['postgresql:', 'postgres:']).about(
    'The PostgreSQL (15 to 18) that stores everything. npm start starts its own when this is not set.',
  ),
  databasePoolMax: integer('STOWAGE_DATABASE_POOL_MAX', 2, 500, 'connections')
    .about(
      'The most connections that one process opens to PostgreSQL. From 5 on, an API keeps two fifths of them for lists and reports.',
    )
    .or(10),
  databaseBytes: integer('STOWAGE_DATABASE_BYTES', 33_554_432, 1_000_000_000_000_000, 'bytes')
    .about(
      'How large the database may become. When what is left of it is less than a reserve, nothing new is accepted. Its write-ahead log comes on top.',
    )
    .optional(),
  databaseDirectory: path('STOWAGE_DATABASE_DIR')
    .about(
      "A folder of this machine on the disk with PostgreSQL's data. When its free space is less than a reserve, nothing new is accepted. npm start sets it for its own PostgreSQL.",
    )
    .optional(),
  redisUrl: serverUrl('REDIS_URL', ['redis:', 'rediss:']).about(
    'The Redis (7) that carries nudges between API and worker. Losing its data loses nothing. npm start starts its own when this is not set.',
  ),
};

/** Secrets of the API alone: a process that has them can issue credentials for any user. */
const apiSecrets = {
  jwtKeys: signingKeys('STOWAGE_JWT_KEYS').about(
    'Keys of access tokens: the first signs, all verify. To rotate, put a new one first, and remove the old one when its tokens have expired. Only the API reads them: workers must not have them.',
  ),
  tokenSecret: secretBytes('STOWAGE_TOKEN_SECRET', 32).about(
    'The key from which refresh tokens and page cursors are derived. Changing it ends all sessions. Only the API reads it: workers must not have it.',
  ),
};

const secrets = {
  metricsToken: secretText('STOWAGE_METRICS_TOKEN', 16)
    .about(
      'Bearer token for /metrics. When not set, metrics are served to this machine only, and not at all where HOST is no loopback address or STOWAGE_TRUST_PROXY is set.',
    )
    .optional(),
};

const sessions = {
  accessTokenSeconds: integer('STOWAGE_ACCESS_TOKEN_SECONDS', 60, 900, 'seconds')
    .about('How long an access token is valid.')
    .or(900),
  refreshIdleSeconds: integer('STOWAGE_REFRESH_IDLE_SECONDS', 300, 90 * DAY, 'seconds')
    .about('How long a session lasts without a refresh.')
    .or(7 * DAY),
  refreshAbsoluteSeconds: integer('STOWAGE_REFRESH_ABSOLUTE_SECONDS', 300, 365 * DAY, 'seconds')
    .about('How long a session lasts in total, however often it is refreshed.')
    .or(30 * DAY),
  passwordMinLength: integer('STOWAGE_PASSWORD_MIN_LENGTH', 8, 64, 'characters')
    .about('The shortest accepted password. 15 is recommended where passwords are the only factor.')
    .recommending('15')
    .or(8),
  argon2MemoryKib: integer('STOWAGE_ARGON2_MEMORY_KIB', 19_456, 1_048_576, 'KiB')
    .about('Memory for hashing one password with argon2id. Weaker hashes are renewed at login.')
    .or(19_456),
  argon2Passes: integer('STOWAGE_ARGON2_PASSES', 2, 20, 'passes').about('Passes over that memory.').or(2),
  argon2Concurrency: integer('STOWAGE_ARGON2_CONCURRENCY', 1, 64, 'passwords')
    .about('How many passwords are hashed at once; others wait in a short queue.')
    .or(HALF_THE_CORES, 'half the cores, at least 1'),
};

const abuse = {
  rateRequestsPerSecond: integer('STOWAGE_RATE_REQUESTS_PER_SECOND', 1, 1_000_000, 'requests')
    .about('The most requests of one principal in a second, from all addresses.')
    .or(2000),
  rateRegistrationsPerMinute: integer('STOWAGE_RATE_REGISTRATIONS_PER_MINUTE', 1, 1_000_000, 'requests')
    .about('The most registrations from one address in a minute.')
    .or(600),
  rateTakenNames: integer('STOWAGE_RATE_TAKEN_NAMES', 1, 1_000_000, 'answers')
    .about(
      'The answers to one address in ten minutes which say at once that a username is taken. Later ones cost the work of a registration.',
    )
    .or(30),
  rateLoginsPerMinute: integer('STOWAGE_RATE_LOGINS_PER_MINUTE', 1, 1_000_000, 'requests')
    .about('The most logins from one address in a minute, successful or not.')
    .or(600),
  rateLoginFailuresPerMinute: integer('STOWAGE_RATE_LOGIN_FAILURES_PER_MINUTE', 1, 1_000_000, 'failures')
    .about('The most failed logins from one address in a minute, over all accounts.')
    .or(100),
  rateRefreshesPerMinute: integer('STOWAGE_RATE_REFRESHES_PER_MINUTE', 1, 1_000_000, 'requests')
    .about('The most refreshes from one address in a minute.')
    .or(3000),
  rateResetsPerMinute: integer('STOWAGE_RATE_RESETS_PER_MINUTE', 1, 1_000_000, 'requests')
    .about('The most uses of a reset code from one address in a minute.')
    .or(30),
  freeLoginFailures: integer('STOWAGE_FREE_LOGIN_FAILURES', 1, 1_000, 'failures')
    .about('Failed logins on one account from one address before further ones are delayed.')
    .or(10),
  freeAccountFailures: integer('STOWAGE_FREE_ACCOUNT_FAILURES', 10, 100_000, 'failures')
    .about('Failed logins on one account in an hour from all addresses before unknown addresses are delayed.')
    .or(100),
  maxLoginDelaySeconds: integer('STOWAGE_MAX_LOGIN_DELAY_SECONDS', 1, 3_600, 'seconds')
    .about('The longest delay after a failed login; delays double up to this.')
    .or(300),
  bodyMibAnonymous: integer('STOWAGE_BODY_MIB_ANONYMOUS', 1, 100_000, 'MiB')
    .about(
      'The most memory of one process for the bodies of requests without a principal. A further one is answered 503.',
    )
    .or(16),
  bodyMibPerAccount: integer('STOWAGE_BODY_MIB_PER_ACCOUNT', 8, 100_000, 'MiB')
    .about("The most memory of one process for the bodies of one account's requests. A further one is answered 429.")
    .or(32),
  bodyMibTotal: integer('STOWAGE_BODY_MIB_TOTAL', 8, 1_000_000, 'MiB')
    .about('The most memory of one process for bodies over 64 KiB. A further one is answered 503.')
    .or(128),
  bigBodiesPerAccount: integer('STOWAGE_BIG_BODIES_PER_ACCOUNT', 1, 1_000, 'requests')
    .about(
      'The most requests with bodies over 64 KiB that one process handles at a time for one account. 16 more wait, for 10 s at most; further ones are answered 429.',
    )
    .or(4),
  loopLagLimitMs: integer('STOWAGE_LOOP_LAG_LIMIT_MS', 10, 60_000, 'milliseconds')
    .about(
      'The lag of the event loop above which requests with bodies over 64 KiB wait: small ones go first. After 10 s they are answered 503.',
    )
    .or(100),
};

const scheduling = {
  sweepIntervalMs: integer('STOWAGE_SWEEP_INTERVAL_MS', 100, 60_000, 'milliseconds')
    .about('How often a worker looks for clusters whose nudge was lost.')
    .or(1000),
  passMaxRows: integer('STOWAGE_PASS_MAX_ROWS', 1, 50_000, 'deployments')
    .about(
      'The most deployments that one transaction of a pass places or releases. A larger value makes cancelling wait longer.',
    )
    .or(5000),
  workerConcurrency: integer('STOWAGE_WORKER_CONCURRENCY', 2, 64, 'clusters')
    .about(
      'How many clusters one worker schedules at the same time; those of one account take at most all but one, and all cores but one.',
    )
    .or(4),
  ledgerAuditHour: integer('STOWAGE_LEDGER_AUDIT_HOUR', 0, 23, 'hour of the day, UTC')
    .about('When the whole ledger is recomputed from its first entry, once a day.')
    .or(3),
  passRetentionDays: integer('STOWAGE_PASS_RETENTION_DAYS', 1, 3650, 'days')
    .about('How long the record of a pass is kept.')
    .or(30),
  passSnapshotHours: integer('STOWAGE_PASS_SNAPSHOT_HOURS', 1, 87_600, 'hours')
    .about(
      'How long the snapshot of a pass is kept, shape by shape, to explain its decisions later: up to some kilobytes for each pass that decided something.',
    )
    .or(48),
  decisionLogDays: integer('STOWAGE_DECISION_LOG_DAYS', 0, 3650, 'days')
    .about(
      'How long the decision log is kept: what the planner was given and what it answered, pass by pass, for stowage-admin replay. 0 records nothing.',
    )
    .or(7),
  decisionLogMib: integer('STOWAGE_DECISION_LOG_MIB', 1, 1_048_576, 'MiB')
    .about('The most that the decision log of one cluster keeps; the oldest decisions are removed first.')
    .or(64),
  deploymentRetentionDays: integer('STOWAGE_DEPLOYMENT_RETENTION_DAYS', 1, 3650, 'days')
    .about('How long an ended deployment is kept, with its events and its ledger entries. Its usage is kept longer.')
    .or(90),
  usageRetentionDays: integer('STOWAGE_USAGE_RETENTION_DAYS', 1, 36_500, 'days')
    .about('How long the usage of deleted deployments is kept.')
    .or(1100),
  runtimeRetentionDays: integer('STOWAGE_RUNTIME_RETENTION_DAYS', 1, 36_500, 'days')
    .about('How long a learned runtime is kept after the last run of its kind, and a recorded forecast of a start.')
    .or(400),
  queuePrefix: text('STOWAGE_QUEUE_PREFIX', 'word', 64)
    .about('The beginning of every key in Redis, so that several installations can share one Redis.')
    .or('stowage'),
};

const limits = {
  limitOrganizations: integer('STOWAGE_LIMIT_ORGANIZATIONS', 1, 100_000, 'organizations')
    .about('The most organizations that one user may create.')
    .or(100),
  limitClusters: integer('STOWAGE_LIMIT_CLUSTERS', 1, 100_000, 'clusters')
    .about('The most clusters of one organization.')
    .or(100),
  limitMembers: integer('STOWAGE_LIMIT_MEMBERS', 1, 1_000_000, 'members')
    .about('The most members of one organization.')
    .or(10_000),
  limitInvites: integer('STOWAGE_LIMIT_INVITES', 1, 100_000, 'invites')
    .about('The most usable invites of one organization.')
    .or(200),
  limitTokens: integer('STOWAGE_LIMIT_TOKENS', 1, 100_000, 'tokens')
    .about('The most usable API tokens of one user or service account.')
    .or(100),
  limitOrganizationTokens: integer('STOWAGE_LIMIT_ORGANIZATION_TOKENS', 1, 10_000_000, 'tokens')
    .about('The most usable API tokens of one organization, of members and service accounts together.')
    .or(10_000),
  limitQueued: integer('STOWAGE_LIMIT_QUEUED', 1, 1_000_000_000, 'deployments')
    .about('The most deployments of one organization that wait at the same time.')
    .or(5_000_000),
  limitBytes: integer('STOWAGE_LIMIT_BYTES', 0, 1_000_000_000_000_000, 'bytes')
    .about(
      'The most bytes that the deployments of one organization take in the database, with their specs, labels, messages and events.',
    )
    .or(16 * GIB),
  limitAccountBytes: integer('STOWAGE_LIMIT_ACCOUNT_BYTES', 0, 1_000_000_000_000_000, 'bytes')
    .about(
      'The same, of all organizations together that one user has created, without those for which an operator has set a limit.',
    )
    .or(64 * GIB),
};

const streams = {
  streamHeartbeatSeconds: integer('STOWAGE_STREAM_HEARTBEAT_SECONDS', 1, 300, 'seconds')
    .about('How often an idle event stream sends a comment to stay open. Choose less than the timeout of proxies.')
    .or(15),
  streamCheckSeconds: integer('STOWAGE_STREAM_CHECK_SECONDS', 1, 60, 'seconds')
    .about('How often an open event stream checks that its reader still has access.')
    .or(5),
  streamLimit: integer('STOWAGE_STREAM_LIMIT', 1, 100_000, 'streams')
    .about('The most event streams that one process keeps open.')
    .or(5000),
  streamLimitAccount: integer('STOWAGE_STREAM_LIMIT_ACCOUNT', 1, 100_000, 'streams')
    .about('The most event streams that one process keeps open for one account.')
    .or(100),
  streamLimitOrganization: integer('STOWAGE_STREAM_LIMIT_ORGANIZATION', 1, 100_000, 'streams')
    .about('The most event streams that one process keeps open for one organization.')
    .or(500),
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

/** Every setting of a worker, by its name in the code. */
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

/** Every setting of the API: those of a worker, and the secrets of the API. */
export const VARIABLES = { ...WORKER_VARIABLES, ...apiSecrets };

/** Settings of the one-machine start and the commands. */
export const LOCAL_VARIABLES = {
  dataDirectory: path('STOWAGE_DATA_DIR')
    .about('The folder of the PostgreSQL, Redis and generated secrets that npm start makes.')
    .or('.data'),
  migrationUrl: serverUrl('STOWAGE_MIGRATION_URL', ['postgresql:', 'postgres:'])
    .about(
      'The database of DATABASE_URL for a role that owns its tables. Only the migration reads it, and gives the role of DATABASE_URL what the processes need. When not set, the role of DATABASE_URL owns the tables.',
    )
    .optional(),
  traces: path('STOWAGE_TRACES').about('A folder of real traces for benchmarks and tests.').optional(),
};

type ValuesOf<Table> = { readonly [N in keyof Table]: ValueOf<Table[N]> };

/** The values of all settings of a worker, typed by the table. */
export type WorkerSettingValues = ValuesOf<typeof WORKER_VARIABLES>;

/** The values of all settings of the API. */
export type SettingValues = ValuesOf<typeof VARIABLES>;
