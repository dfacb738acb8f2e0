/** An error that the user can act on: printed without a stack; then the demo ends. */
export class Stop extends Error {
  constructor(
    message: string,
    /** 1: the demo ran and something is wrong; 2: it could not begin */
    readonly exitCode: 1 | 2,
  ) {
    super(message);
    this.name = 'Stop';
  }
}

/** The message of a thrown value. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
