import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { accessDeclaredFor, isDocumentedAsPublic, type RouteAccess } from '#auth';

import { ORGANIZATION_PARAMETER } from './access.guard.js';

/** Where Nest keeps the path of a controller and of a route. */
const PATH_METADATA = 'path';

/** Stops the process at start when a route declares no access, declares two, or one that does not fit its path. */
@Injectable()
export class RouteAudit implements OnApplicationBootstrap {
  private readonly scanner = new MetadataScanner();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error that lists every faulty route */
  onApplicationBootstrap(): void {
    const faults = this.discovery.getControllers().flatMap(({ metatype, instance }) => {
      if (typeof metatype !== 'function' || typeof instance !== 'object' || instance === null) return [];
      return this.faultsOf(metatype, Object.getPrototypeOf(instance) as object);
    });
    if (faults.length > 0) throw new Error(`routes without a proper declaration of access:\n${faults.join('\n')}`);
  }

  private faultsOf(controller: object & { readonly name: string }, prototype: object): string[] {
    const base = pathsOf(controller);
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = Reflect.get(prototype, name) as object;
      const paths = pathsOf(handler);
      if (paths.length === 0) return [];
      const fault = faultOf({
        declared: accessDeclaredFor(handler, controller),
        paths: base.flatMap((start) => paths.map((path) => `${start}/${path}`)),
        isDocumentedAsPublic: isDocumentedAsPublic(handler),
      });
      return fault === undefined ? [] : [`  - ${controller.name}.${name} ${fault}`];
    });
  }
}

/** The declarations of a route at start. */
export interface AuditedRoute {
  readonly declared: readonly RouteAccess[];
  /** Its whole paths, as written. */
  readonly paths: readonly string[];
  /** As documented; undefined where it has no documentation. */
  readonly isDocumentedAsPublic: boolean | undefined;
}

/** The fault of a route's declarations, in words that follow its name; undefined when there is none. */
export function faultOf({ declared, paths, isDocumentedAsPublic }: AuditedRoute): string | undefined {
  const [access, ...others] = declared;
  if (access === undefined) return 'declares neither a role nor that it is public';
  if (others.length > 0) return 'declares its access more than once';
  if (isDocumentedAsPublic !== undefined && isDocumentedAsPublic !== (access.kind === 'public')) {
    return 'is documented as public and is not, or the other way round';
  }
  const scoped = paths.map((path) => path.split('/').includes(`:${ORGANIZATION_PARAMETER}`));
  if (access.kind === 'role' && scoped.includes(false)) {
    return `declares a role, but its path has no :${ORGANIZATION_PARAMETER} to hold it in`;
  }
  if ((access.kind === 'public' || access.kind === 'signed-in') && scoped.includes(true)) {
    return `names an organization in its path, but lets in who does not belong to it`;
  }
  return undefined;
}

function pathsOf(subject: object): string[] {
  const path: unknown = Reflect.getMetadata(PATH_METADATA, subject);
  if (typeof path === 'string') return [path];
  return Array.isArray(path) ? path.map(String) : [];
}
