import { Global, Module } from '@nestjs/common';

import { CursorCodec } from './cursor-codec.js';
import { Pages } from './page.js';

/** Serves every controller that has lists. Needs the secret that signs cursors, which only the API has. */
@Global()
@Module({ providers: [CursorCodec, Pages], exports: [Pages] })
export class PagingModule {}
