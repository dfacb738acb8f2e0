import { DecimalField, EnumField } from '#http';
import { type ResourceName } from '#packing';

/** Resources as the API names them. */
export const RESOURCE_NAMES = ['cpu', 'memoryMib', 'gpu'] as const satisfies readonly ResourceName[];

const MANY = Number.MAX_SAFE_INTEGER;

/** A resource of which a reservation leaves too little. */
export class ReservedResourceDto {
  @EnumField(RESOURCE_NAMES, { description: 'The resource.', name: 'ResourceName', example: 'gpu' })
  readonly resource!: ResourceName;

  @DecimalField({ description: 'What is asked for.', min: 0, max: MANY, maxDecimals: 3, example: 4 })
  readonly needed!: number;

  @DecimalField({ description: 'What the reservation leaves.', min: 0, max: MANY, maxDecimals: 3, example: 1 })
  readonly available!: number;
}
