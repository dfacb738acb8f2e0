import { Controller, Get, type INestApplicationContext, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';

import { ApiRoute } from '#http';
import { Public, RequireOperator, RequireRole, SignedIn } from '#rbac';

import { RouteAudit } from './route-audit.js';

const route = (access?: string): MethodDecorator =>
  ApiRoute({
    id: 'x',
    tag: 'x',
    summary: 'x',
    result: 'x',
    description: 'x',
    ...(access === undefined ? {} : { access }),
  });

async function start(controller: Type): Promise<INestApplicationContext> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    controllers: [controller],
    providers: [RouteAudit],
  }).compile();
  return module.init();
}

describe('the route audit', () => {
  it('lets a process start when every route declares its access once', async () => {
    @Controller('organizations/:organizationId/things')
    class Things {
      @Get()
      @RequireRole('viewer')
      list(): void {
        return;
      }

      @Get('all')
      @RequireOperator()
      all(): void {
        return;
      }

      helper(): void {
        return;
      }
    }
    await (await start(Things)).close();

    @Public()
    @Controller('doors')
    class Doors {
      @Get()
      @route()
      open(): void {
        return;
      }
    }
    await (await start(Doors)).close();

    @Controller('errors')
    class Errors {
      @Get()
      @route('public')
      list(): void {
        return;
      }
    }
    await (await start(Errors)).close();
  });

  it('stops a process with a route that declares nothing', async () => {
    @Controller('things')
    class Forgotten {
      @Get('a')
      @SignedIn()
      declared(): void {
        return;
      }

      @Get('b')
      open(): void {
        return;
      }
    }
    await expect(start(Forgotten)).rejects.toThrow('Forgotten.open declares neither a role nor that it is public');
  });

  it('stops a process with a route that declares its access twice', async () => {
    @SignedIn()
    @Controller('things')
    class Twice {
      @Get()
      @Public()
      list(): void {
        return;
      }
    }
    await expect(start(Twice)).rejects.toThrow('Twice.list declares its access more than once');
  });

  it('stops a process with a role on a path that names no organization', async () => {
    @Controller('things')
    class Homeless {
      @Get(':thingId')
      @RequireRole('viewer')
      read(): void {
        return;
      }
    }
    await expect(start(Homeless)).rejects.toThrow('Homeless.read declares a role');
  });

  it('stops a process with a route of an organization that admits outsiders', async () => {
    @Controller('organizations/:organizationId')
    class Ajar {
      @Get()
      @SignedIn()
      read(): void {
        return;
      }
    }
    await expect(start(Ajar)).rejects.toThrow('Ajar.read names an organization');
  });

  it('stops a process with a route that is documented as public and guarded, or the other way round', async () => {
    @Controller('things')
    class Liar {
      @Get()
      @SignedIn()
      @route('public')
      list(): void {
        return;
      }
    }
    await expect(start(Liar)).rejects.toThrow('Liar.list is documented as public and is not');
  });
});
