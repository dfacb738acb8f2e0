import { type LocalSettings } from '#config';

/** A number of points per window of time. */
export interface Limit {
  /** Names the limit in `RateLimit` headers, in Redis and in metrics. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** The settings behind them; libs/config documents each, with its default. */
export type Rates = Pick<
  LocalSettings,
  | 'rateRequestsPerSecond'
  | 'rateRegistrationsPerMinute'
  | 'rateTakenNames'
  | 'rateLoginsPerMinute'
  | 'rateLoginFailuresPerMinute'
  | 'rateRefreshesPerMinute'
  | 'rateResetsPerMinute'
  | 'freeLoginFailures'
  | 'freeAccountFailures'
  | 'maxLoginDelaySeconds'
>;

const MINUTE = 60;
const HOUR = 3600;

/** Every limit on what callers may try, and how often. */
export class RateLimits {
  readonly requests: Limit;
  readonly register: Limit;
  readonly taken: Limit;
  readonly login: Limit;
  readonly loginFailures: Limit;
  readonly refresh: Limit;
  readonly reset: Limit;
  readonly freeFailures: Limit;
  readonly freeFailuresAcrossAddresses: Limit;
  readonly maxDelaySeconds: number;

  constructor(rates: Rates) {
    const limit = (name: string, rate: keyof Rates, seconds: number): Limit => ({ name, points: rates[rate], seconds });
    this.requests = limit('requests', 'rateRequestsPerSecond', 1);
    this.register = limit('register', 'rateRegistrationsPerMinute', MINUTE);
    this.taken = limit('taken', 'rateTakenNames', 10 * MINUTE);
    this.login = limit('login', 'rateLoginsPerMinute', MINUTE);
    this.loginFailures = limit('login-failures', 'rateLoginFailuresPerMinute', MINUTE);
    this.refresh = limit('refresh', 'rateRefreshesPerMinute', MINUTE);
    this.reset = limit('reset', 'rateResetsPerMinute', MINUTE);
    this.freeFailures = limit('login-pair', 'freeLoginFailures', HOUR);
    this.freeFailuresAcrossAddresses = limit('login-account', 'freeAccountFailures', HOUR);
    this.maxDelaySeconds = rates.maxLoginDelaySeconds;
  }
}
