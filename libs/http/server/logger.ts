import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';

import type { Settings } from '#config';

import { currentRequest } from './request-context.js';

// Nothing that is logged on purpose carries these; the list is for what slips in inside of other objects.
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
 * Lines are handed to the system while the next ones are made: a write for each line would cost a fifth of a small request.
 * What is pending is written when the process exits; only kill -9 can lose a line.
 */
const standardOutput = (): DestinationStream => pino.destination({ dest: 1, sync: false });

/**
 * The process's logger: JSON lines, each with the id of the request it belongs to. Secrets are taken out by name, down
 * to the third level.
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

/** What Nest says while it starts, one line per provider and route: of interest to nobody but its debugger. */
const TALKATIVE: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory']);

/** The same logger for Nest's own messages, and for `new Logger('context')` anywhere. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context last and, with errors, the stack before it. */
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
    const actual = level === 'info' && TALKATIVE.has(context) ? 'debug' : level;
    this.logger[actual](facts, typeof message === 'string' ? message : (err?.message ?? ''));
  }
}
