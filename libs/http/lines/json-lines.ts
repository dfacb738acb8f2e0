import { createHash, type Hash } from 'node:crypto';
import { type Readable } from 'node:stream';

import { DomainError } from '#kernel';

import { type BodyIntake, type BodyRequest } from '../bodies/body-intake.js';
import { readItem } from '../fields/read-dto.js';
import { invalidInput } from '../fields/invalid-input.js';
import { type DtoClass, InvalidItem } from '../fields/rule.js';
import { parseJson } from '../json/raw-body.js';
import { TransportError, TransportErrors } from '../problems/request.errors.js';

/** The media type of JSON values, one in each line. */
export const JSON_LINES_TYPE = 'application/x-ndjson';

/** Limits of what is in memory at the same time, and of lines without a value. */
export const LINE_LIMITS = {
  lineBytes: 64 * 1024,
  chunkLines: 1_000,
  chunkBytes: 4 * 1024 * 1024,
  blankLines: 1_000,
} as const;

const NEWLINE = 0x0a;

/** A line that is not blank. */
export interface Line {
  /** Counted from 0, blank ones too. */
  readonly index: number;
  /** undefined: the line is too long */
  readonly bytes: Buffer | undefined;
}

/** Lines that are processed together. The same body is always split into the same chunks. */
export interface LineChunk {
  readonly lines: readonly Line[];
  /** The digest of all lines of the chunk, blank ones too. */
  readonly digest: Buffer;
}

/** A body of JSON lines, read as it arrives: at most one chunk is in memory. */
export class JsonLines {
  constructor(
    private readonly stream: Readable,
    private readonly request: BodyRequest,
  ) {}

  /**
   * Waits until the body may be read: lines count as a big body.
   *
   * @throws TransportError for a compressed body; DomainError REQUEST.TOO_MANY, REQUEST.BUSY
   */
  async enter(intake: BodyIntake): Promise<void> {
    const { 'content-encoding': encoding, 'content-length': length } = this.request.raw.headers;
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
      throw new TransportError(TransportErrors.UNSUPPORTED_MEDIA_TYPE, 'JSON lines take no Content-Encoding.');
    }
    const { lease, enter } = intake.begin(this.request);
    await enter();
    lease.add(Math.min(Number(length ?? Infinity), LINE_LIMITS.chunkBytes));
  }

  /**
   * The lines, chunk by chunk; a chunk is read on demand. The last line needs no newline.
   *
   * @throws DomainError REQUEST.INVALID for too many blank lines; the error of the connection when the body is cut off
   */
  async *chunks(): AsyncGenerator<LineChunk, void, undefined> {
    const splitter = new Splitter();
    // The answer may be complete before the body is: the connection must stay open for it.
    for await (const data of this.stream.iterator({ destroyOnReturn: false })) {
      yield* splitter.push(data as Buffer);
    }
    yield* splitter.end();
  }
}

/** Reads a line by the rules of a class, or returns why it is refused. Pointers begin at the line. */
export function readLine<T extends object>(type: DtoClass<T>, { index, bytes }: Line): T | DomainError {
  if (bytes === undefined) {
    const message = `must have at most ${LINE_LIMITS.lineBytes} bytes`;
    return invalidInput([{ pointer: '#', code: 'too-long', message }]);
  }
  try {
    const item = readItem(type, parseJson(bytes, index + 1));
    return item instanceof InvalidItem ? invalidInput(item.errors) : item;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

class Splitter {
  private index = 0;
  private blank = 0;
  private parts: Buffer[] = [];
  private size = 0;
  private lines: Line[] = [];
  private chunkBytes = 0;
  private hash: Hash = createHash('sha256');

  *push(data: Buffer): Generator<LineChunk, void, undefined> {
    let from = 0;
    for (let to = data.indexOf(NEWLINE); to !== -1; to = data.indexOf(NEWLINE, from)) {
      this.add(data.subarray(from, to));
      this.endLine();
      from = to + 1;
      if (this.isFull) yield this.take();
    }
    this.add(data.subarray(from));
  }

  *end(): Generator<LineChunk, void, undefined> {
    // Nothing after the last newline is no line.
    if (this.size > 0) this.endLine();
    else this.hash.update('\n');
    if (this.lines.length > 0) yield this.take();
  }

  private get isFull(): boolean {
    return this.lines.length >= LINE_LIMITS.chunkLines || this.chunkBytes >= LINE_LIMITS.chunkBytes;
  }

  private add(part: Buffer): void {
    this.hash.update(part);
    this.size += part.length;
    // Keeps only the length of a line that is too long.
    if (this.size > LINE_LIMITS.lineBytes) this.parts = [];
    else this.parts.push(part);
  }

  private endLine(): void {
    const bytes = this.size > LINE_LIMITS.lineBytes ? undefined : Buffer.concat(this.parts);
    const index = this.index++;
    this.hash.update('\n');
    this.chunkBytes += bytes?.length ?? 0;
    if (bytes === undefined || !isBlank(bytes)) this.lines.push({ index, bytes });
    else if (++this.blank > LINE_LIMITS.blankLines) throw tooManyBlank();
    this.parts = [];
    this.size = 0;
  }

  private take(): LineChunk {
    const chunk = { lines: this.lines, digest: this.hash.digest() };
    this.lines = [];
    this.chunkBytes = 0;
    this.hash = createHash('sha256');
    return chunk;
  }
}

function tooManyBlank(): DomainError {
  const message = `must have at most ${LINE_LIMITS.blankLines} blank lines`;
  return invalidInput([{ pointer: '#', code: 'too-many-blank', message }]);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
