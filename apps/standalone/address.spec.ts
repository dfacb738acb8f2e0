import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { chooseAddress } from './address.js';

describe('the address of the API', () => {
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

  it('is never another than the one that was set', async () => {
    await expect(chooseAddress('127.0.0.1', taken, true)).rejects.toThrow(`Port ${taken} on 127.0.0.1 is taken.`);
  });

  it('is the next free one when the usual one is taken and none was set', async () => {
    const { port, url } = await chooseAddress('127.0.0.1', taken, false);
    expect(port).toBeGreaterThan(taken);
    expect(url).toBe(`http://127.0.0.1:${port}`);
  });

  it('is a free one when the system may choose', async () => {
    expect((await chooseAddress('127.0.0.1', 0, true)).port).toBeGreaterThan(0);
  });

  it('is shown as one that this machine can reach when it listens everywhere', async () => {
    expect((await chooseAddress('0.0.0.0', 0, true)).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('is refused in words when it is not of this machine', async () => {
    await expect(chooseAddress('192.0.2.1', 3000, true)).rejects.toThrow('Nothing can listen on 192.0.2.1, port 3000');
  });
});
