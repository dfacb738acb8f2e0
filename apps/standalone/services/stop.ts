/** Something that the person at the keyboard can act on: shown as its sentences, without a stack. */
export class Stop extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = 'Stop';
  }
}
