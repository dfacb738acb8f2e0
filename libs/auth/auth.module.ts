import { Global, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';

import { AuditModule } from '#audit';
import { Settings } from '#config';

import { RateLimits } from './throttling/rate-limits.js';
import { Counters } from './throttling/counters.js';
import { LoginThrottle } from './throttling/login-throttle.js';
import { PrincipalLimit } from './throttling/principal-limit.js';
import { InviteGuesses } from './throttling/invite-guesses.js';
import { TakenNames } from './throttling/taken-names.js';
import { AccessResolver } from './access/access-resolver.js';
import { AccessTokenStrategy } from './access/access-token.strategy.js';
import { AccessTokens } from './access/access-tokens.js';
import { JwksController } from './access/jwks.controller.js';
import { RegistrationService } from './sessions/registration.service.js';
import { PasswordProof } from './sessions/password-proof.js';
import { ProfileService } from './profile/profile.service.js';
import { SignIn } from './sessions/sign-in.service.js';
import { AuthController } from './sessions/auth.controller.js';
import { MeController } from './profile/me.controller.js';
import { OwnAccessController } from './tokens/own-access.controller.js';
import { OwnAccess } from './tokens/own-access.service.js';
import { ServiceAccountsController } from './tokens/service-accounts.controller.js';
import { Operators } from './operators/operators.service.js';
import { UsersService } from './operators/users.service.js';
import { UsersController } from './operators/users.controller.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { Sessions } from './sessions/sessions.service.js';
import { ApiTokenStrategy } from './tokens/api-token.strategy.js';
import { ApiTokens } from './tokens/api-tokens.service.js';
import { ServiceAccounts } from './tokens/service-accounts.service.js';
import { TokenUse } from './tokens/token-use.js';

/**
 * RegistrationService, sessions and tokens.
 *
 * Needs from the rest of the process: `Settings`, `Database`, and a global provider each of `Memberships`, `InviteRedeemer` and
 * `TokenAllowance`.
 */
@Global()
@Module({
  imports: [AuditModule, JwtModule.register({}), PassportModule],
  controllers: [
    AuthController,
    MeController,
    OwnAccessController,
    ServiceAccountsController,
    UsersController,
    JwksController,
  ],
  providers: [
    { provide: RateLimits, inject: [Settings], useFactory: (settings: Settings) => new RateLimits(settings) },
    Counters,
    LoginThrottle,
    PrincipalLimit,
    InviteGuesses,
    TakenNames,
    AccessResolver,
    AccessTokenStrategy,
    ApiTokenStrategy,
    AccessTokens,
    RegistrationService,
    PasswordProof,
    ProfileService,
    SignIn,
    Operators,
    UsersService,
    PasswordHasher,
    Sessions,
    ApiTokens,
    OwnAccess,
    ServiceAccounts,
    TokenUse,
  ],
  exports: [InviteGuesses, AccessResolver, PrincipalLimit, TokenUse],
})
export class AuthModule {}
