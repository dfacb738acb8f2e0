import { defineEntity, p, timestamptz } from '#database';

const ResetCodeSchema = defineEntity({
  name: 'ResetCode',
  tableName: 'reset_codes',
  properties: {
    userId: p.uuid().primary(),
    codeHash: p.blob().columnType('bytea').hidden(),
    createdBy: p.uuid().columnType('uuid').nullable(),
    createdAt: timestamptz.defaultRaw('now()'),
    expiresAt: timestamptz,
  },
});

/** The one code with which a user who forgot the password can set a new one. A newer code replaces it. */
export class ResetCode extends ResetCodeSchema.class {}
ResetCodeSchema.setClass(ResetCode);

export { ResetCodeSchema };
