import { type ProfileView } from './profiles.service.js';
import { type SessionView } from '../sessions/sessions.service.js';
import { type ApiTokenView, type NewApiToken, type ServiceAccountTokenOrder } from '../tokens/api-tokens.service.js';
import { type ServiceAccountOrder, type ServiceAccountView } from '../tokens/service-accounts.service.js';
import {
  type CreateServiceAccountDto,
  type CreateServiceAccountTokenDto,
  type NewTokenDto,
  type ProfileDto,
  type ServiceAccountDto,
  type SessionDto,
  type TokenDto,
} from './me.dto.js';

export function toProfileDto({ id, username, email, isOperator, createdAt }: ProfileView): ProfileDto {
  return { id, username, email, isOperator, createdAt };
}

export function toSessionDto(view: SessionView, currentId: string | null): SessionDto {
  const { id, createdAt, lastUsedAt, expiresAt, userAgent, address } = view;
  return { id, isCurrent: id === currentId, createdAt, lastUsedAt, expiresAt, userAgent, address };
}

export function toTokenDto(view: ApiTokenView): TokenDto {
  const { id, name, organizationId, role, createdAt, expiresAt, lastUsedAt } = view;
  return { id, name, organizationId, role, createdAt, expiresAt, lastUsedAt };
}

export function toNewTokenDto(created: NewApiToken): NewTokenDto {
  const { id, name, organizationId, role, createdAt, expiresAt, lastUsedAt, token } = created;
  return { id, name, organizationId, role, createdAt, expiresAt, lastUsedAt, token };
}

export function toServiceAccountDto({ id, name, role, scope, createdAt }: ServiceAccountView): ServiceAccountDto {
  return { id, name, role, scope, createdAt };
}

/** What a request asks for. Its rule has made sure that it is a role or a scope, and not both. */
export function toServiceAccountOrder({ name, role, scope }: CreateServiceAccountDto): ServiceAccountOrder {
  if (role !== undefined) return { name, power: { role } };
  if (scope !== undefined) return { name, power: { scope } };
  throw new TypeError('a service account has a role or a scope');
}

export function toTokenOrder({ name, expiresInSeconds }: CreateServiceAccountTokenDto): ServiceAccountTokenOrder {
  return { name, expiresInSeconds };
}
