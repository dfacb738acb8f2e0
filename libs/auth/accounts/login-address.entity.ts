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

/** An address (of IPv6, a /64) at which an account proved its identity: strangers' failures at other addresses never slow it down. */
export class LoginAddress extends LoginAddressSchema.class {}
LoginAddressSchema.setClass(LoginAddress);

export { LoginAddressSchema };
