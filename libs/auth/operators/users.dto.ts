import { PageQuery, StringField, TimestampField } from '#http';

import { ProfileDto } from '../profile/me.dto.js';

export class UserAccountDto extends ProfileDto {
  @TimestampField({ description: 'Since when the account cannot be used; null when it can.', nullable: true })
  readonly disabledAt!: string | null;
}

export class UsersQuery extends PageQuery {
  @StringField({ description: 'Only the account of this username.', max: 32, optional: true, example: 'ada.lovelace' })
  readonly username?: string;
}

export class ResetCodeDto {
  @StringField({
    description: 'The one-time code. It is shown here and never again: hand it over in person.',
    max: 100,
    example: 'Zk3nV0pQ8sXw2RtYb7LcMd5HgJfUeAi1oK9xNvTq4Ws',
  })
  readonly code!: string;

  @TimestampField({ description: 'When it stops working.' })
  readonly expiresAt!: string;
}
