import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';

import type { Settings } from '#config';

import { currentRequest } from './request-context.js';

// No log statement contains these on purpose; the list redacts them inside other objects.
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'currentPassword',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'inviteCode',
  'resetCode',
  'secret',
  'privateKey',
];

/**
 * Writes lines asynchronously: a synchronous write for each line would cost a fifth of a small request. Pending lines are
 * written when the process exits; only kill -9 can lose some.
 */
const standardOutput = (): DestinationStream => pino.destination({ dest: 1, sync: false });

/**
 * The process's logger: JSON lines, each with the id of its request. Secrets are redacted by name, down to the third level.
 */
export function createLogger(
  settings: Pick<Settings, 'logLevel'>,
  destination: { write(line: string): void } = standardOutput(),
): Logger {
  return pino(
    {
      level: settings.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const request = currentRequest();
        return request === undefined ? {} : { requestId: request.requestId, ...request.logged };
      },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '***' },
    },
    destination,
  );
}

/** Nest's contexts that log one line for each provider and route at start: logged at debug level. */
const VERBOSE: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory']);

/** The same logger for Nest's own messages, and for `new Logger('context')` anywhere. */
export class NestLogger implements LoggerService {
  readonly log = this.writerOf('info');
  readonly error = this.writerOf('error');
  readonly warn = this.writerOf('warn');
  readonly debug = this.writerOf('debug');
  readonly verbose = this.writerOf('trace');
  readonly fatal = this.writerOf('fatal');

  constructor(private readonly logger: Logger) {}

  private writerOf(level: Level): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => this.write(level, message, rest);
  }

  /** Nest passes the context last and, for errors, the stack before it. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const texts = rest.filter((part) => typeof part === 'string');
    const stack = texts.find((text) => text.includes('\n    at '));
    const context = texts.findLast((text) => text !== stack);
    const err = [message, ...rest].find((part) => part instanceof Error);
    const facts = {
      ...(context === undefined ? {} : { context }),
      ...(err !== undefined ? { err } : stack === undefined ? {} : { stack }),
      ...(typeof message === 'object' && message !== err ? message : {}),
    };
    const actual = level === 'info' && VERBOSE.has(context) ? 'debug' : level;
    this.logger[actual](facts, typeof message === 'string' ? message : (err?.message ?? ''));
  }
}
