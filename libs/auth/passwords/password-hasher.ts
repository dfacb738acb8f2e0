import { Inject, Injectable } from '@nestjs/common';
import { hash, parseOptions, verify } from '@node-rs/argon2';

import { Settings } from '#config';

import { REFUSAL_PAUSE_MS } from '../throttling/rate-limits.js';
import { normalizePassword } from './password-policy.js';
import { exposeWaiting } from './gate-metrics.js';
import { type Applicant, PasswordGate } from './password-gate.js';

/** Hashes of each standing that may wait for each one that runs: at 15 ms each, about two seconds of waiting. */
const MAX_WAITING_PER_RUNNING = 128;

/** What the program hashes for itself, on the machine or at start. */
export const OWN_APPLICANT: Applicant = { standing: 'known', network: 'own', account: 'own' };

/** The cost of a hash, and the number of hashes at once. */
export type HashingSettings = Pick<Settings, 'argon2MemoryKib' | 'argon2Passes' | 'argon2Concurrency'>;

/** The result of comparing a password with a stored hash. */
export interface PasswordCheck {
  readonly matches: boolean;
  /** The hash is weaker than the present settings require, and is to be replaced while the password is at hand. */
  readonly isWeak: boolean;
}

/**
 * Hashes and checks passwords with argon2id, on threads of their own, with the concurrency of the settings.
 *
 * Every method takes the applicant, which decides the turn, and throws DomainError AUTH.BUSY when too many are waiting.
 */
@Injectable()
export class PasswordHasher {
  private readonly gate: PasswordGate;
  private absent: Promise<string> | undefined;

  constructor(@Inject(Settings) private readonly settings: HashingSettings) {
    const concurrency = settings.argon2Concurrency;
    this.gate = new PasswordGate({
      concurrency,
      maxWaiting: concurrency * MAX_WAITING_PER_RUNNING,
      retryAfterSeconds: 2,
      refusalPauseMs: REFUSAL_PAUSE_MS,
    });
    exposeWaiting((standing) => this.gate.waiting(standing));
  }

  /** The hash of a new password, as a PHC string. */
  async hash(typed: string, applicant: Applicant): Promise<string> {
    const { argon2MemoryKib: memoryCost, argon2Passes: timeCost } = this.settings;
    // The library's defaults are argon2id, version 19 and 32 bytes; its enums do not exist at run time.
    return this.gate.run(applicant, () => hash(normalizePassword(typed), { memoryCost, timeCost, parallelism: 1 }));
  }

  /**
   * Compares a password with a stored hash.
   *
   * @param storedHash undefined when there is no such account: then the hash of a random password is checked, for an answer that takes as long
   */
  async check(typed: string, storedHash: string | undefined, applicant: Applicant): Promise<PasswordCheck> {
    const against = storedHash ?? (await this.hashOfRandomPassword());
    const matches = await this.gate.run(applicant, () => verify(against, normalizePassword(typed)));
    return { matches: matches && storedHash !== undefined, isWeak: this.isWeak(against) };
  }

  /** Made when it is first needed; a failure is not kept. */
  private hashOfRandomPassword(): Promise<string> {
    this.absent ??= this.hash(crypto.randomUUID(), OWN_APPLICANT).catch((error: unknown) => {
      this.absent = undefined;
      throw error;
    });
    return this.absent;
  }

  private isWeak(storedHash: string): boolean {
    const { memoryCost, timeCost } = parseOptions(storedHash);
    return memoryCost < this.settings.argon2MemoryKib || timeCost < this.settings.argon2Passes;
  }
}
