import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { chooseAddress } from './address.js';

describe('chooseAddress', () => {
  let server: Server;
  let taken: number;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    taken = (server.address() as AddressInfo).port;
  });

  afterEach(() => {
    server.close();
  });

  it('refuses to replace a port that was set', async () => {
    await expect(chooseAddress('127.0.0.1', taken, true)).rejects.toThrow(`Port ${taken} on 127.0.0.1 is taken.`);
  });

  it('takes the next free port when the default one is taken and none was set', async () => {
    const { port, url } = await chooseAddress('127.0.0.1', taken, false);
    expect(port).toBeGreaterThan(taken);
    expect(url).toBe(`http://127.0.0.1:${port}`);
  });

  it('takes a free port for port 0', async () => {
    expect((await chooseAddress('127.0.0.1', 0, true)).port).toBeGreaterThan(0);
  });

  it('shows an address that this machine can reach when the API listens everywhere', async () => {
    expect((await chooseAddress('0.0.0.0', 0, true)).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('refuses in a sentence an address of another machine', async () => {
    await expect(chooseAddress('192.0.2.1', 3000, true)).rejects.toThrow('Nothing can listen on 192.0.2.1, port 3000');
  });
});
