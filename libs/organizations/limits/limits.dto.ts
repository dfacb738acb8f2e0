import { IntegerField, ObjectField } from '#http';

import { LimitsDto } from './installed-organizations.dto.js';

/** The limits of an organization, and what it uses of them. */
export class OrganizationUseDto {
  @ObjectField(() => LimitsDto, { description: 'How much the organization may have.' })
  readonly limits!: LimitsDto;

  @IntegerField({
    description:
      'The bytes that its deployments take, which `limits.bytes` bounds. Each counts 2,048, and 1,024 for each retry, and 256 for each edit, besides its image, name, labels, `spec` and message.',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    example: 1_258_291,
  })
  readonly storedBytes!: number;
}
