import { type ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';

import { type Settings } from '#config';

import { MetricsGuard } from './metrics.guard.js';

const TOKEN = 'a-token-of-metrics-0123456789';
const PRIVATE = { host: '127.0.0.1', trustProxy: false, metricsToken: TOKEN } as const;

function permits(
  headers: Readonly<Record<string, string>>,
  settings: Partial<Settings> = {},
  remoteAddress = '127.0.0.1',
): boolean {
  const request = { headers, raw: { socket: { remoteAddress } } };
  const context = { switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext;
  try {
    return new MetricsGuard({ ...PRIVATE, ...settings } as Settings).canActivate(context);
  } catch {
    return false;
  }
}

describe('the guard of metrics', () => {
  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('permits this machine (%s) without a token', (address) => {
    expect(permits({}, {}, address)).toBe(true);
  });

  it.each(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded', 'via', 'x-real-ip', 'cf-ray'])(
    'refuses a request with the header %s without the token',
    (name) => {
      expect(permits({ [name]: 'x' })).toBe(false);
      expect(permits({ [name]: 'x', authorization: `Bearer ${TOKEN}` })).toBe(true);
    },
  );

  it.each<[string, Partial<Settings>]>([
    ['listens for others', { host: '0.0.0.0' }],
    ['listens at an address of its network', { host: '192.0.2.7' }],
    ['trusts a proxy', { trustProxy: 1 }],
  ])('needs the token also of this machine, where the process %s', (_what, settings) => {
    expect(permits({}, settings)).toBe(false);
    expect(permits({ authorization: `Bearer ${TOKEN}` }, settings)).toBe(true);
    expect(permits({ authorization: 'Bearer undefined' }, { ...settings, metricsToken: undefined })).toBe(false);
  });

  it('permits nothing from elsewhere without the token', () => {
    expect(permits({}, {}, '192.0.2.7')).toBe(false);
    expect(permits({ authorization: 'Bearer wrong' }, {}, '192.0.2.7')).toBe(false);
  });
});
