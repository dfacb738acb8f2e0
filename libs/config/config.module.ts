import { type DynamicModule, Module } from '@nestjs/common';

import { ApiSettings, Settings } from './settings.js';

/** Provides the process's `Settings` to every module; in the API `ApiSettings` as well. */
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
