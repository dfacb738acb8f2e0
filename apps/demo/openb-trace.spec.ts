import { describe, expect, it } from '@jest/globals';

import { parseOpenbTrace } from './openb-trace.js';

const HEADER = 'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase';

const parse = (...lines: string[]) => parseOpenbTrace([HEADER, ...lines].join('\n'), 'pods.csv');

const request = (line: string) => parse(line)[0]?.request;

describe('parseOpenbTrace', () => {
  it('keeps the order of the list', () => {
    expect(
      parse('p1,12000,16384,1,1000,,LS,Running', 'p2,6000,12288,1,460,,BE,Running').map(({ name, priority }) => [
        name,
        priority,
      ]),
    ).toEqual([
      ['p1', 2],
      ['p2', 0],
    ]);
  });

  it.each([
    ['no GPU', 'p,1000,2048,0,0,,LS,', 0],
    ['an empty GPU share', 'p,1000,2048,0,,,LS,', 0],
    ['a part of a GPU', 'p,1000,2048,1,460,,LS,', 460],
    ['one GPU', 'p,1000,2048,1,1000,,LS,', 1_000],
    ['several GPUs, each of them whole', 'p,1000,2048,8,1000,V100|P100,LS,', 8_000],
  ])('reads %s', (_what, line, gpuMillis) => {
    expect(request(line)).toEqual({ cpuMillis: 1_000, memoryMib: 2_048, gpuMillis });
  });

  it('takes a pod that asks for no memory', () => {
    expect(request('p,14000,0,1,1000,,Burstable,')).toEqual({ cpuMillis: 14_000, memoryMib: 0, gpuMillis: 1_000 });
  });

  it('takes priorities from the service class', () => {
    const lines = ['Guaranteed', 'LS', 'Burstable', 'BE'].map((qos) => `p,1,1,0,0,,${qos},`);
    expect(parse(...lines).map(({ priority }) => priority)).toEqual([3, 2, 1, 0]);
  });

  it('takes priorities from the GPUs where there is no service class', () => {
    const text = 'name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,8,1000\nb,1,1,1,1000\nc,1,1,0,0\nd,1,1,1,999\n';
    expect(parseOpenbTrace(text, 'x').map(({ priority }) => priority)).toEqual([2, 2, 1, 0]);
  });

  it('accepts a byte order mark, Windows line ends, blank lines and another order of columns', () => {
    const text = '\uFEFFqos,gpu_milli,num_gpu,memory_mib,cpu_milli,name\r\nLS,500,1,2,3,p\r\n\r\n';
    expect(parseOpenbTrace(text, 'x')[0]).toMatchObject({
      name: 'p',
      priority: 2,
      request: { cpuMillis: 3, memoryMib: 2, gpuMillis: 500 },
    });
  });

  it('ends at the limit', () => {
    const text = [HEADER, ...Array<string>(5).fill('p,1,1,0,0,,LS,')].join('\n');
    expect(parseOpenbTrace(text, 'x', 3)).toHaveLength(3);
  });

  it.each([
    ['p,many,1,0,0,,LS,', 'pods.csv, line 2: cpu_milli must be a whole number up to 1000000000, not many'],
    ['p,1,-1,0,0,,LS,', 'line 2: memory_mib must be a whole number'],
    ['p,1,1.5,0,0,,LS,', 'line 2: memory_mib must be a whole number'],
    ['p,1000000001,1,0,0,,LS,', 'line 2: cpu_milli must be a whole number'],
    ['p,1', 'line 2: num_gpu must be a whole number up to 1000000000, not missing'],
    ['p,0,0,0,0,,LS,', 'line 2: the pod asks for nothing'],
    ['p,1,1,0,0,,Best,', 'line 2: qos is Guaranteed, LS, Burstable, BE, not Best'],
    ['p,1,1,0,0,,,', 'line 2: qos is Guaranteed, LS, Burstable, BE, not empty'],
  ])('refuses the line %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  it('names the missing columns of another kind of file', () => {
    expect(() => parseOpenbTrace('sn,cpu_milli,memory_mib,gpu,model\n', 'nodes.csv')).toThrow(
      'nodes.csv is not a pod list in the openb format: it has no column name, num_gpu, gpu_milli',
    );
    expect(() => parse()).toThrow('pods.csv lists no pods');
  });
});
