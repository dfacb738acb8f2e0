import { ResourceVector, type Role } from '#kernel';

/** What of the API's answers the demo reads. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: { readonly id: string };
}

export interface OrganizationAnswer {
  readonly id: string;
}

export interface InviteAnswer {
  readonly code: string;
  readonly role: Role;
}

export interface Amounts {
  readonly cpu: number;
  readonly memoryMib: number;
  readonly gpu: number;
}

export interface ClusterAnswer {
  readonly id: string;
  readonly name: string;
  readonly capacity: Amounts;
  readonly allocated: Amounts;
  readonly available: Amounts;
  readonly queue: { readonly queued: number };
}

export interface DeploymentAnswer {
  readonly id: string;
  readonly resources: Amounts;
  readonly priority: number;
  readonly status: string;
  readonly attempt: number;
  readonly scheduledAt: string | null;
  readonly endedAt: string | null;
  readonly releasedAt: string | null;
  readonly submittedBy: string;
}

export interface PassAnswer {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly waiting: number;
  readonly shapes: number;
  readonly placed: number;
  readonly released: number;
  readonly certificate: CertificateAnswer;
  readonly durationsMs: Readonly<Record<string, number>>;
}

export interface CertificateAnswer {
  readonly optimal: boolean;
  readonly levels: readonly { readonly priority: number; readonly placed: number; readonly upperBound: number }[];
  readonly utilization: { readonly value: number; readonly upperBound: number };
}

export interface BatchAnswer {
  readonly results: readonly { readonly index: number; readonly id?: string; readonly problem?: Problem }[];
}

export interface PageAnswer<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** An RFC 9457 problem. */
export interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  /** What a process depends on, and how it finds it. */
  readonly checks?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

const MILLIS = 1_000;

/** Amounts of the API in whole units. */
export function vectorOf({ cpu, memoryMib, gpu }: Amounts): ResourceVector {
  return ResourceVector.of({ cpuMillis: Math.round(cpu * MILLIS), memoryMib, gpuMillis: Math.round(gpu * MILLIS) });
}

/** Whole units as amounts of the API. */
export function amountsOf({ cpuMillis, memoryMib, gpuMillis }: ResourceVector): Amounts {
  return { cpu: cpuMillis / MILLIS, memoryMib, gpu: gpuMillis / MILLIS };
}
