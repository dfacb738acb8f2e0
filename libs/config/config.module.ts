import { type DynamicModule, Module } from '@nestjs/common';

import { ApiSettings, Settings } from './settings.js';

/** Gives every module the process's `Settings`, by that class; in the API `ApiSettings`, too. */
@Module({})
export class ConfigModule {
  static forRoot(settings: Settings): DynamicModule {
    const classes = settings instanceof ApiSettings ? [Settings, ApiSettings] : [Settings];
    return {
      module: ConfigModule,
      global: true,
      providers: classes.map((provide) => ({ provide, useValue: settings })),
      exports: classes,
    };
  }
}
