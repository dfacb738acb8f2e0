import { type NewResetCode } from '../sessions/passwords.service.js';
import { type ProfileView } from '../profile/profiles.service.js';
import { type ResetCodeDto, type UserAccountDto } from './users.dto.js';

/** What an operator may see of an account. */
export function toUserAccountDto(view: ProfileView): UserAccountDto {
  const { id, username, email, isOperator, createdAt, disabledAt } = view;
  return { id, username, email, isOperator, createdAt, disabledAt };
}

export function toResetCodeDto({ code, expiresAt }: NewResetCode): ResetCodeDto {
  return { code, expiresAt };
}
