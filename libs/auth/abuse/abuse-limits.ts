/** So many of something in so many seconds. */
export interface Limit {
  /** Names the limit in `RateLimit` headers, in Redis and in metrics. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** The limits that an installation can set, each with its default. */
export const DEFAULT_RATES = {
  /** Requests of one principal a second, whatever the address: a person, an API token, a service account's token. */
  rateRequestsPerSecond: 2000,
  /** Registrations from one address a minute, with or without success. */
  rateRegistrationsPerMinute: 600,
  /** Answers that a username is taken, to one address in ten minutes: they tell who has an account here. */
  rateTakenNames: 30,
  /** Sign-ins from one address a minute, with or without success. */
  rateLoginsPerMinute: 600,
  /** Failed sign-ins from one address a minute, over all accounts. */
  rateLoginFailuresPerMinute: 100,
  /** Refreshes and sign-outs from one address a minute. */
  rateRefreshesPerMinute: 3000,
  /** Password resets from one address a minute. */
  rateResetsPerMinute: 30,
  /** Failures an hour that cost nothing, per account and address; each one after them doubles the delay. */
  freeLoginFailures: 10,
  /** The same per account over all addresses; addresses from which the account signed in before are spared. */
  freeAccountFailures: 100,
  /** The longest delay between two attempts, in seconds. The first is one second. */
  maxLoginDelaySeconds: 300,
} as const;

/** What an installation sets of them; the rest is as by default. */
export type Rates = { readonly [N in keyof typeof DEFAULT_RATES]?: number };

const MINUTE = 60;
const HOUR = 3600;

/** Every limit on what callers may try, and how often. The class is the injection token. */
export class AbuseLimits {
  readonly requests: Limit;
  readonly register: Limit;
  readonly taken: Limit;
  readonly login: Limit;
  readonly loginFailures: Limit;
  readonly refresh: Limit;
  readonly reset: Limit;
  readonly freeFailures: Limit;
  readonly freeStrangerFailures: Limit;
  readonly maxDelaySeconds: number;

  constructor(rates: Rates = {}) {
    const limit = (name: string, rate: keyof Rates, seconds: number): Limit => ({
      name,
      points: rates[rate] ?? DEFAULT_RATES[rate],
      seconds,
    });
    this.requests = limit('requests', 'rateRequestsPerSecond', 1);
    this.register = limit('register', 'rateRegistrationsPerMinute', MINUTE);
    this.taken = limit('taken', 'rateTakenNames', 10 * MINUTE);
    this.login = limit('login', 'rateLoginsPerMinute', MINUTE);
    this.loginFailures = limit('login-failures', 'rateLoginFailuresPerMinute', MINUTE);
    this.refresh = limit('refresh', 'rateRefreshesPerMinute', MINUTE);
    this.reset = limit('reset', 'rateResetsPerMinute', MINUTE);
    this.freeFailures = limit('login-pair', 'freeLoginFailures', HOUR);
    this.freeStrangerFailures = limit('login-account', 'freeAccountFailures', HOUR);
    this.maxDelaySeconds = rates.maxLoginDelaySeconds ?? DEFAULT_RATES.maxLoginDelaySeconds;
  }
}
