import { Controller, Get, Header } from '@nestjs/common';

import { ApiSettings } from '#config';
import { ApiRoute, ArrayField, StringField } from '#http';

import { ACCESS_TOKEN_ALGORITHM } from './access-tokens.js';
import { Public } from './route-access.js';

const COORDINATE = {
  description: 'A coordinate of the point, in base64url.',
  min: 43,
  max: 43,
  example: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
} as const;

export class JwkDto {
  @StringField({ description: 'Always `EC`.', max: 2, example: 'EC' })
  readonly kty!: string;

  @StringField({ description: 'Always `P-256`.', max: 5, example: 'P-256' })
  readonly crv!: string;

  @StringField(COORDINATE)
  readonly x!: string;

  @StringField(COORDINATE)
  readonly y!: string;

  @StringField({ description: 'Id of the key, which access tokens name in their header.', max: 64, example: 'key-1' })
  readonly kid!: string;

  @StringField({ description: 'Always `ES256`.', max: 5, example: 'ES256' })
  readonly alg!: string;

  @StringField({ description: 'Always `sig`.', max: 3, example: 'sig' })
  readonly use!: string;
}

export class JwksDto {
  @ArrayField(() => JwkDto, { description: 'The key that signs first, then those that still verify.', max: 10 })
  readonly keys!: readonly JwkDto[];
}

/** Publishes the keys that verify access tokens. */
@Public()
@Controller('.well-known')
export class JwksController {
  private readonly answer: JwksDto;

  constructor(settings: ApiSettings) {
    this.answer = {
      keys: settings.jwtKeys.map(({ kid, publicKey }) => {
        const { x, y } = publicKey.export({ format: 'jwk' });
        return { kty: 'EC', crv: 'P-256', x: String(x), y: String(y), kid, alg: ACCESS_TOKEN_ALGORITHM, use: 'sig' };
      }),
    };
  }

  @Get('jwks.json')
  @Header('cache-control', 'public, max-age=300')
  @ApiRoute({
    id: 'getSigningKeys',
    tag: 'auth',
    summary: 'Keys of access tokens',
    result: 'The keys that verify access tokens.',
    description: 'The public keys that verify access tokens, as a JSON Web Key Set. A new key is here before it signs.',
    answer: JwksDto,
  })
  read(): JwksDto {
    return this.answer;
  }
}
