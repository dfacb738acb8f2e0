import {
  ArrayField,
  BooleanField,
  CountField,
  DecimalField,
  EnumField,
  IdField,
  IntegerField,
  StringField,
  TimestampField,
} from '#http';
import { type OrderRule } from '#packing';
import { type ComparisonRule } from './comparison.js';
import { BlockerDto } from '../parts/blocker.dto.js';

const RULES = [
  'reservation',
  'nominated',
  'preempted',
  'did-not-fit',
  'priority',
  'age',
  'more-starts',
  'more-used',
  'less-lost',
  'utilization',
  'tie',
  'not-waiting',
  'yielded',
  'same-pass',
  'undecided',
] as const satisfies readonly (ComparisonRule | OrderRule)['rule'][];

/** Why one of two deployments comes first. Which numbers there are depends on the rule. */
export class ComparisonDto {
  @IdField({ description: 'The other deployment.' })
  readonly compareWith!: string;

  @IdField({ description: 'Who comes, or came, first; null: neither.', nullable: true })
  readonly first!: string | null;

  @EnumField(RULES, {
    description:
      '`priority`: the higher one. `age`: the two ask for the same, and one has waited longer. `more-starts`: with the other one fewer would have started. `more-used`: where utilization is the objective, with the other one less of the cluster would be used. `less-lost`: as many, and with the other one more work would be lost of what runs. `utilization`: as many, and less would be used. `did-not-fit`: something kept the other one even so. `reservation`: it had waited long enough. `preempted`: what runs was stopped to make room for it, and does not yield to the other one. `nomination`: others had been stopped for it before. `yielded`: the other one ran, and was stopped then to make room. `not-waiting`: the other one was not in the queue. `same-pass`: both at once. `undecided`: no rule puts one first. `tie`: nothing tells them apart.',
    name: 'ComparisonRule',
    example: 'more-starts',
  })
  readonly rule!: ComparisonRule['rule'];

  @StringField({
    description: 'The same in plain words.',
    min: 1,
    max: 4000,
    example: 'a started before b because its priority is higher: 60 instead of 50.',
  })
  readonly sentence!: string;

  @IdField({ description: 'The pass that decided it; null where none has yet.', nullable: true })
  readonly passId!: string | null;

  @BooleanField({
    description: 'True when the numbers are those that the pass saw; false when what is known of the two has to do.',
    example: true,
  })
  readonly fromRecord!: boolean;

  @IntegerField({
    description:
      'The priority of the first; `more-starts`, `more-used`, `less-lost`: the one at which it makes a difference; `yielded`: the one for which the other was stopped.',
    min: 0,
    max: 100,
    optional: true,
    example: 60,
  })
  readonly priority?: number;

  @IntegerField({ description: 'The priority of the other.', min: 0, max: 100, optional: true, example: 50 })
  readonly otherPriority?: number;

  @TimestampField({ description: 'Since when the first has waited.', optional: true })
  readonly queuedAt?: string;

  @TimestampField({ description: 'Since when the other has waited.', optional: true })
  readonly otherQueuedAt?: string;

  @CountField({ description: 'How many start at this priority, or are nominated.', optional: true, example: 4 })
  readonly placed?: number;

  @CountField({
    description: 'How many would start, or are nominated, with the other one.',
    optional: true,
    example: 2,
  })
  readonly placedWithOther?: number;

  @CountField({
    description: 'How many running deployments were stopped for the first, and those like it.',
    min: 1,
    optional: true,
    example: 2,
  })
  readonly victims?: number;

  @IntegerField({ description: 'The highest priority among them.', min: 0, max: 100, optional: true, example: 10 })
  readonly victimPriority?: number;

  @TimestampField({ description: 'Since when others were being stopped for the first.', optional: true })
  readonly nominatedAt?: string;

  @CountField({ description: 'How many of what ran with this priority were stopped.', optional: true, example: 1 })
  readonly stopped?: number;

  @CountField({ description: 'How many would have been with the other one.', optional: true, example: 2 })
  readonly stoppedWithOther?: number;

  @DecimalField({
    description: 'How much is used, as a sum of shares; `more-used`: by what starts at this priority.',
    min: 0,
    max: 4,
    maxDecimals: 20,
    optional: true,
    example: 2.4,
  })
  readonly utilization?: number;

  @DecimalField({
    description: 'How much would be used with the other one.',
    min: 0,
    max: 4,
    maxDecimals: 20,
    optional: true,
    example: 2.1,
  })
  readonly utilizationWithOther?: number;

  @TimestampField({ description: 'When the first started.', optional: true })
  readonly startedAt?: string;

  @ArrayField(() => BlockerDto, { description: 'What kept the other one.', max: 20, optional: true })
  readonly blockers?: BlockerDto[];
}
