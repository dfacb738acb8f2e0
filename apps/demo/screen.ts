/** Where the demo writes. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often a log gets a line, in milliseconds; a terminal is redrawn as often as it is shown something. */
const LOG_EVERY_MS = 1_000;

/** Shows live progress: a block that is redrawn in a terminal, a line a second elsewhere. */
export class Screen {
  private drawnLines = 0;
  private loggedAtMs = -Infinity;

  constructor(private readonly output: Output) {}

  /** Writes a line that stays, above the block where there is one. */
  say(message: string): void {
    this.output.write(`${this.erasure()}${message}\n`);
    this.drawnLines = 0;
  }

  /** Shows how things stand at a moment. */
  show(nowMs: number, block: () => readonly string[], line: () => string): void {
    if (this.output.isTTY === true) this.redraw(block());
    else if (nowMs - this.loggedAtMs >= LOG_EVERY_MS) this.log(nowMs, line());
  }

  private redraw(block: readonly string[]): void {
    const { columns = 80 } = this.output;
    // In one piece, or it flickers; and a line that wraps would take more rows than are erased.
    this.output.write(this.erasure() + block.map((text) => `${text.slice(0, columns - 1)}\n`).join(''));
    this.drawnLines = block.length;
  }

  private log(nowMs: number, line: string): void {
    this.loggedAtMs = nowMs;
    this.output.write(`${line}\n`);
  }

  /** What removes the block: the cursor goes to its first line, and everything below is erased. */
  private erasure(): string {
    return this.drawnLines === 0 ? '' : `\u001B[${this.drawnLines}A\u001B[J`;
  }
}
