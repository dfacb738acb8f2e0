import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

import { Controller, Get } from '@nestjs/common';

import { ApiRoute, EnumField, StringField } from '#http';
import { Public } from '#rbac';

/** The versions of an installation. */
export class VersionDto {
  @StringField({ description: 'The release of Stowage.', max: 100, example: '0.1.0' })
  readonly version!: string;

  @EnumField(['v1'], { description: 'The version of the API, as in its paths.', example: 'v1' })
  readonly api!: 'v1';
}

/** The version that the package of this program declares. */
function packageVersion(): string {
  const path = findPackageJSON('..', import.meta.url);
  if (path === undefined) throw new Error('this program has no package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Answers which release runs. */
@Controller('version')
export class VersionController {
  private readonly present: VersionDto = { version: packageVersion(), api: 'v1' };

  @Get()
  @Public()
  @ApiRoute({
    id: 'getVersion',
    tag: 'operations',
    summary: 'Read the version',
    result: 'The release that runs, and the version of its API.',
    description: 'The release that runs, and the version of its API.',
    answer: VersionDto,
  })
  read(): VersionDto {
    return this.present;
  }
}
