/** An error that the user can act on: printed as its sentences, without a stack. */
export class Stop extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = 'Stop';
  }
}
