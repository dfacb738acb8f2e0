import { describe, expect, it } from '@jest/globals';

import { readDto } from './read-dto.js';
import { IntegerField } from './values.js';
import { StringField } from './text.js';

class OrderDto {
  @IntegerField({ description: 'Cores.', min: 0, max: 9, optional: true })
  readonly cpu?: number;

  @IntegerField({ description: 'Memory.', min: 0, max: 9, optional: true })
  readonly memoryMib?: number;

  @IntegerField({ description: 'Runtime.', min: 0, max: 9, optional: true })
  readonly maxRuntimeSeconds?: number;

  @StringField({ description: 'A secret.', max: 9, writeOnly: true, optional: true })
  readonly password?: string;
}

describe('an unknown field', () => {
  it.each([
    ['Cpu', ': did you mean cpu?'],
    ['cpus', ': did you mean cpu?'],
    ['memory', ': did you mean memoryMib?'],
    ['memory_mib', ': did you mean memoryMib?'],
    ['max-runtime-seconds', ': did you mean maxRuntimeSeconds?'],
    ['maxRuntimSeconds', ': did you mean maxRuntimeSeconds?'],
    ['colour', ''],
    ['passwort', ''],
    ['Password', ''],
    ['', ''],
    ['__proto__x', ''],
    ['m'.repeat(100_000), ''],
  ])('names the nearest known field in its refusal: %s', (name, hint) => {
    const { errors } = readDto(OrderDto, { [name]: 1 }, 'json');
    expect(errors.map(({ message }) => message)).toEqual([`is not a known field${hint}`]);
  });

  it('names no field that was sent, too', () => {
    const { errors } = readDto(OrderDto, { cpu: 1, cpus: 1 }, 'json');
    expect(errors.map(({ message }) => message)).toEqual(['is not a known field']);
  });

  it('names the nearest parameter in a query', () => {
    const { errors } = readDto(OrderDto, { cpus: '1' }, 'query');
    expect(errors.map(({ message }) => message)).toEqual(['is not a known parameter: did you mean cpu?']);
  });
});
