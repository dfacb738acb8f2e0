import { type DynamicModule, Module } from '@nestjs/common';

import { Settings } from './settings.js';

/** Gives every module the process's `Settings`, by that class. */
@Module({})
export class ConfigModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Settings, useValue: settings }],
      exports: [Settings],
    };
  }
}
