import { defineEntity, p, timestamptz } from '#database';

const LoginAddressSchema = defineEntity({
  name: 'LoginAddress',
  tableName: 'login_addresses',
  primaryKeys: ['userId', 'address'],
  properties: {
    userId: p.uuid().primary(),
    address: p.text().primary(),
    lastLoginAt: timestamptz.defaultRaw('now()'),
  },
});

/** An address from which an account signed in with success: strangers' failures never slow it down. */
export class LoginAddress extends LoginAddressSchema.class {}
LoginAddressSchema.setClass(LoginAddress);

export { LoginAddressSchema };
