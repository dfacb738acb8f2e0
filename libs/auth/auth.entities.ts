import { type Entity } from '#database';

import { LoginAddress } from './accounts/login-address.entity.js';
import { ResetCode } from './accounts/reset-code.entity.js';
import { User } from './accounts/user.entity.js';
import { Session } from './sessions/session.entity.js';
import { ApiToken } from './tokens/api-token.entity.js';
import { ServiceAccount } from './tokens/service-account.entity.js';

/** Every entity of this lib, for the processes that use them. */
export const authEntities: readonly Entity[] = [User, LoginAddress, ResetCode, Session, ServiceAccount, ApiToken];
