import { type ResourceVector } from './resources.js';

/** A deployment of the workload, before it is submitted. */
export interface Order {
  /** Need not be unique. */
  readonly name: string;
  readonly request: ResourceVector;
  /** 0 to 100, higher first. */
  readonly priority: number;
}

/** A GPU request: the whole device is 1000. */
const WHOLE_GPU = 1_000;

/** An image that fits the request: training on whole GPUs, serving on parts of one, the rest without. */
export function imageFor({ gpuMillis }: ResourceVector): string {
  if (gpuMillis >= WHOLE_GPU) return 'nvcr.io/nvidia/pytorch:25.09-py3';
  return gpuMillis > 0 ? 'nvcr.io/nvidia/tritonserver:25.09-py3' : 'docker.io/library/python:3.13-slim';
}
