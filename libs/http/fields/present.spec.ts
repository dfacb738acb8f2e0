import { describe, expect, it } from '@jest/globals';

import {
  ArrayField,
  IntegerField,
  MapField,
  ObjectField,
  present,
  type Presentable,
  ProblemDto,
  StringField,
} from '#http';

class PartDto {
  @StringField({ description: '', max: 10 })
  readonly name!: string;
}

class MachineDto {
  @StringField({ description: '', max: 10 })
  readonly name!: string;

  @IntegerField({ description: '', min: 0, max: 9, nullable: true })
  readonly size!: number | null;

  @StringField({ description: '', max: 10, optional: true })
  readonly note?: string;

  @ObjectField(() => PartDto, { description: '', nullable: true })
  readonly engine!: PartDto | null;

  @ArrayField(() => PartDto, { description: '', max: 10 })
  readonly parts!: PartDto[];

  @ObjectField(() => ProblemDto, { description: '', optional: true })
  readonly problem?: ProblemDto;

  @MapField({
    description: '',
    example: {},
    maxEntries: 1,
    key: /./,
    keyMessage: '',
    maxKeyLength: 9,
    maxValueLength: 9,
    optional: true,
  })
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whether the compiler lets a source be presented as a `MachineDto`. */
type Accepts<Source> = Source extends Presentable<MachineDto> ? true : false;
const no = false;

const machine = { name: 'press', size: null, engine: null, parts: [] };

describe('present()', () => {
  it('picks declared fields, through nested classes and lists', () => {
    const part = { name: 'belt', supplier: 'secret' };
    const source = { ...machine, engine: part, parts: [part, part] as const, passwordHash: 'secret' };
    expect(present(MachineDto, source)).toEqual({
      name: 'press',
      size: null,
      engine: { name: 'belt' },
      parts: [{ name: 'belt' }, { name: 'belt' }],
    });
  });

  it('reads getters, and leaves out an optional field that is undefined', () => {
    class Machine {
      readonly size = 3;
      readonly engine = null;
      readonly parts = [];
      readonly note = undefined;
      readonly labels = { a: 'b' };
      get name(): string {
        return 'lathe';
      }
    }
    const presented = present(MachineDto, new Machine());
    expect(presented).toEqual({ name: 'lathe', size: 3, engine: null, parts: [], labels: { a: 'b' } });
    expect('note' in presented).toBe(false);
  });

  it('keeps what an open object carries beside its declared fields', () => {
    const problem = { type: '/', title: 't', status: 400, detail: 'd', code: 'c', requestId: 'r', needed: 5 };
    expect(present(MachineDto, { ...machine, problem }).problem).toEqual(problem);
  });

  it('refuses a source without a required field, at compile time and at run time', () => {
    const { name: _, ...nameless } = machine;
    const emptyPart = { ...machine, parts: [{}] };
    const nullName = { ...machine, name: null };
    const isRefused: [Accepts<typeof nameless>, Accepts<typeof emptyPart>, Accepts<typeof nullName>] = [no, no, no];
    expect(isRefused).toHaveLength(3);
    expect(() => present(MachineDto, nameless as never)).toThrow('MachineDto.name is required');
    expect(() => present(MachineDto, emptyPart as never)).toThrow('PartDto.name is required');
    expect(() => present(MachineDto, nullName as never)).toThrow('MachineDto.name is null');
  });

  it('refuses a class without field decorators', () => {
    class PlainDto {}
    expect(() => present(PlainDto, {})).toThrow('PlainDto has no field decorators');
  });
});
