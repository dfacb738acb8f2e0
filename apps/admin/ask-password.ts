import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** A new password: typed twice and not shown at a terminal; otherwise the first line of standard input. */
export async function askPassword(username: string): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: isTerminal });
  try {
    if (!isTerminal) {
      for await (const line of lines) return line;
      return '';
    }
    for (;;) {
      process.stderr.write(`Password for ${username}: `);
      const first = await lines.question('');
      process.stderr.write('\nThe same again: ');
      const second = await lines.question('');
      process.stderr.write('\n');
      if (first === second) return first;
      process.stderr.write('These were not the same.\n');
    }
  } finally {
    lines.close();
  }
}
