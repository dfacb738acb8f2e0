// Microseconds of CPU that reading one submitted deployment takes (class-validator's checks with our reader), without HTTP and SQL.
// Needs a built project: `node bench/intake/fields.mjs [--items 10000] [--rounds 10]`.
import 'reflect-metadata';
import { parseArgs } from 'node:util';

import { readItem } from '#http';
import { SubmitDeploymentDto } from '../../dist/libs/deployments/submission/submissions.dto.js';

import { median } from '../lib/database.mjs';

const { values } = parseArgs({
  options: { items: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '10' } },
});
const ITEMS = Number(values.items);

const DEPLOYMENTS = {
  small: { image: 'registry.example.com/app:1', resources: { cpu: 1, memoryMib: 256 } },
  full: {
    name: 'train-resnet',
    image: 'registry.example.com/vision/train:2.1',
    resources: { cpu: 2.5, memoryMib: 16_384, gpu: 0.5 },
    priority: 60,
    maxRuntimeSeconds: 3600,
    queueTimeoutSeconds: 86_400,
    maxRetries: 3,
    labels: { team: 'vision', 'example.com/experiment': 'resnet-7' },
    preemptible: true,
    spec: { command: ['python', 'train.py'] },
  },
};

for (const [name, deployment] of Object.entries(DEPLOYMENTS)) {
  const rounds = [];
  for (let round = 0; round <= Number(values.rounds); round++) {
    const began = process.cpuUsage();
    for (let i = 0; i < ITEMS; i++) {
      if (!(readItem(SubmitDeploymentDto, deployment) instanceof SubmitDeploymentDto)) throw new Error('refused');
    }
    const { user, system } = process.cpuUsage(began);
    if (round > 0) rounds.push((user + system) / ITEMS);
  }
  process.stdout.write(`a ${name} deployment: ${median(rounds).toFixed(1)} microseconds\n`);
}
