import { type LocalSettings, type Settings } from '#config';

/** A number of points per window of time. */
export interface Limit {
  /** Names the limit in `RateLimit` headers, in Redis and in metrics. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Attempts on an account that a network has in a day, however many others failed: a typing error must not lock an owner out. */
const OWN_ATTEMPTS = 3;

/** Invite codes that do not exist, which an account may try in ten minutes, and all accounts at one address. */
const [UNKNOWN_CODES, UNKNOWN_CODES_OF_ADDRESS] = [30, 300];

/** How long refusals of strangers are held back: a connection that repeats at once would otherwise keep the process busy. */
export const REFUSAL_PAUSE_MS = 1000;

/** Every limit on what callers may try, and how often. */
export class RateLimits {
  readonly requests: Limit;
  readonly register: Limit;
  readonly taken: Limit;
  readonly unknownCodes: Limit;
  readonly unknownCodesOfAddress: Limit;
  readonly login: Limit;
  readonly loginFailures: Limit;
  readonly refresh: Limit;
  readonly reset: Limit;
  readonly freeFailures: Limit;
  readonly freeFailuresAcrossAddresses: Limit;
  readonly ownAttempts: Limit;
  readonly maxDelaySeconds: number;

  constructor(rates: Settings | LocalSettings) {
    const limit = (name: string, points: number, seconds: number): Limit => ({ name, points, seconds });
    this.requests = limit('requests', rates.rateRequestsPerSecond, 1);
    this.register = limit('register', rates.rateRegistrationsPerMinute, MINUTE);
    this.taken = limit('taken', rates.rateTakenNames, 10 * MINUTE);
    this.unknownCodes = limit('invite-codes', UNKNOWN_CODES, 10 * MINUTE);
    this.unknownCodesOfAddress = limit('invite-codes-address', UNKNOWN_CODES_OF_ADDRESS, 10 * MINUTE);
    this.login = limit('login', rates.rateLoginsPerMinute, MINUTE);
    this.loginFailures = limit('login-failures', rates.rateLoginFailuresPerMinute, MINUTE);
    this.refresh = limit('refresh', rates.rateRefreshesPerMinute, MINUTE);
    this.reset = limit('reset', rates.rateResetsPerMinute, MINUTE);
    this.freeFailures = limit('login-pair', rates.freeLoginFailures, HOUR);
    this.freeFailuresAcrossAddresses = limit('login-account', rates.freeAccountFailures, HOUR);
    this.ownAttempts = limit('login-network', OWN_ATTEMPTS, DAY);
    this.maxDelaySeconds = rates.maxLoginDelaySeconds;
  }
}
