import {
  ArrayField,
  BooleanField,
  CountField,
  DecimalField,
  EnumField,
  IdField,
  IntegerField,
  TimestampField,
} from '#http';
import {
  BLOCKER_CODES,
  type BlockerCode,
  type OutrankedReason,
  OWNED_STATES,
  type OwnedReservation,
  type ResourceName,
} from '#packing';
import { RESOURCE_NAMES, ReservedResourceDto } from './reserved-resource.dto.js';

const MANY = Number.MAX_SAFE_INTEGER;
const AMOUNT = { min: 0, max: MANY, maxDecimals: 3, optional: true } as const;

const OUTRANKED_REASONS = [
  'starts-in-this-cycle',
  'higher-priority',
  'smaller',
  'older',
] as const satisfies readonly OutrankedReason[];

/** What a blocker says of itself: everything but whose a reservation is. */
export class BlockerFactsDto {
  @EnumField(BLOCKER_CODES, {
    description:
      '`NOT_ENOUGH`: less of a resource is free than it asks for. `TOO_LARGE`: the whole cluster has less. `RESERVATION`: it would delay a deployment that has waited long enough. `NOMINATED`: what was stopped for it (`own`), or for others, has not stopped yet. `OUTRANKED`: others who need the same come first. `CORDONED`, `DRAINING`, `CAPACITY_PENDING`: nothing starts in this cluster. `RETRY`: its last attempt failed, and it comes back later. `SEARCH_LIMIT`: the search ended before it was proven that no more can start. `NEXT_PASS`: nothing is in its way.',
    name: 'BlockerCode',
    example: 'NOT_ENOUGH',
  })
  readonly code!: BlockerCode;

  @EnumField(RESOURCE_NAMES, {
    description: 'NOT_ENOUGH, TOO_LARGE: the resource.',
    name: 'ResourceName',
    optional: true,
    example: 'gpu',
  })
  readonly resource?: ResourceName;

  @DecimalField({ description: 'NOT_ENOUGH, TOO_LARGE: what it asks for.', ...AMOUNT, example: 4 })
  readonly needed?: number;

  @DecimalField({ description: 'NOT_ENOUGH: what is free.', ...AMOUNT, example: 1 })
  readonly available?: number;

  @DecimalField({ description: 'NOT_ENOUGH: how much is missing.', ...AMOUNT, example: 3 })
  readonly missing?: number;

  @DecimalField({ description: 'TOO_LARGE: what the whole cluster has.', ...AMOUNT, example: 2 })
  readonly capacity?: number;

  @DecimalField({ description: 'TOO_LARGE: how much more than that it asks for.', ...AMOUNT, example: 2 })
  readonly exceeding?: number;

  @EnumField(OWNED_STATES, {
    description:
      'RESERVATION: whether the other one has a time at which it starts at the latest, or what runs is gathered for it as it ends.',
    name: 'BlockingReservationState',
    optional: true,
    example: 'promised',
  })
  readonly state?: OwnedReservation['state'];

  @TimestampField({ description: 'RESERVATION: when the other one starts.', optional: true, nullable: true })
  readonly promisedAt?: string | null;

  @BooleanField({
    description: 'NOMINATED: true where it starts as soon as what was stopped for it is gone.',
    optional: true,
    example: false,
  })
  readonly isOwn?: boolean;

  @TimestampField({
    description:
      'RESERVATION: when what is gathered for the other one is expected to suffice. NOMINATED: when all of it is gone at the latest.',
    optional: true,
    nullable: true,
  })
  readonly until?: string | null;

  @ArrayField(() => ReservedResourceDto, {
    description: 'RESERVATION, NOMINATED: what is left too little of.',
    max: 3,
    optional: true,
  })
  readonly resources?: ReservedResourceDto[];

  @EnumField(OUTRANKED_REASONS, {
    description: 'OUTRANKED: why they come first.',
    name: 'OutrankedReason',
    optional: true,
    example: 'higher-priority',
  })
  readonly reason?: OutrankedReason;

  @IntegerField({ description: 'OUTRANKED: their priority.', min: 0, max: 100, optional: true, example: 60 })
  readonly priority?: number;

  @CountField({ description: 'OUTRANKED, NOMINATED: how many they are.', optional: true, example: 12 })
  readonly deployments?: number;

  @CountField({ description: 'SEARCH_LIMIT: how many start, or are nominated.', optional: true, example: 7 })
  readonly placed?: number;

  @CountField({ description: 'SEARCH_LIMIT: how many at most could.', optional: true, example: 8 })
  readonly upperBound?: number;

  @CountField({
    description:
      'SEARCH_LIMIT, where utilization is the objective: how much more of the cluster another choice may use at most, in thousandths.',
    optional: true,
    example: 2,
  })
  readonly gapThousandths?: number;

  @TimestampField({ description: 'RETRY: when it is back in the queue.', optional: true })
  readonly retryAt?: string;
}

/** One reason why a deployment waits. Which fields there are depends on the code. */
export class BlockerDto extends BlockerFactsDto {
  @IdField({ description: 'RESERVATION: the deployment that has it.', optional: true })
  readonly id?: string;
}
