import { Global, Module } from '@nestjs/common';

import { CursorCodec } from './cursor-codec.js';
import { Pages } from './page.js';

/** For every controller that lists something. Needs the secret that cursors are signed with, which only the API has. */
@Global()
@Module({ providers: [CursorCodec, Pages], exports: [Pages] })
export class PagingModule {}
