import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

import { NEW_WORK, StorageErrors } from '#http';

import { StorageWatch } from './storage-watch.js';

/** Refuses routes that store something new while the storage is full. */
@Injectable()
export class StorageGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly watch: StorageWatch,
  ) {}

  /** @throws STORAGE.FULL */
  canActivate(context: ExecutionContext): boolean {
    const isNewWork = this.reflector.get<boolean | undefined>(NEW_WORK, context.getHandler()) === true;
    if (isNewWork && this.watch.isFull) throw StorageErrors.FULL.because();
    return true;
  }
}
