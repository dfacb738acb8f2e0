import { createHash, randomBytes } from 'node:crypto';

/** Crockford's base32: no I, L, O, U, so that a code can be read aloud and typed from paper. */
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 26 symbols of 5 bits: 130 bits of randomness. */
const DATA_SYMBOLS = 26;
const CHECK_SYMBOLS = 2;
const GROUP = 4;

/** The largest prime that two symbols can hold: a remainder by it notices any one wrong symbol and any two that changed places. */
const CHECK_MODULUS = 1021;

/** A new invite code, in groups of four with hyphens: 26 random symbols and two that check them. */
export function newInviteCode(): string {
  // 256 is a multiple of 32, so that every symbol is equally likely.
  const data = [...randomBytes(DATA_SYMBOLS)].map((byte) => symbolAt(byte % SYMBOLS.length)).join('');
  return (data + checkSymbolsOf(data)).match(/.{1,4}/g)?.join('-') ?? '';
}

/**
 * What to look a code up by: SHA-256 of its symbols. Case, spaces and hyphens do not matter, nor do O for 0 and I or L for 1.
 *
 * @returns undefined for a text that cannot be a code (a typing error, mostly), so that it need not be looked up
 */
export function hashOfInviteCode(text: string): Buffer | undefined {
  if (text.length > 2 * (DATA_SYMBOLS + CHECK_SYMBOLS) + GROUP) return undefined;
  const symbols = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (symbols.length !== DATA_SYMBOLS + CHECK_SYMBOLS) return undefined;
  if ([...symbols].some((symbol) => !SYMBOLS.includes(symbol))) return undefined;
  const data = symbols.slice(0, DATA_SYMBOLS);
  if (symbols.slice(DATA_SYMBOLS) !== checkSymbolsOf(data)) return undefined;
  return createHash('sha256').update(data).digest();
}

function checkSymbolsOf(data: string): string {
  let remainder = 0;
  for (const symbol of data) remainder = (remainder * SYMBOLS.length + SYMBOLS.indexOf(symbol)) % CHECK_MODULUS;
  return symbolAt(Math.floor(remainder / SYMBOLS.length)) + symbolAt(remainder % SYMBOLS.length);
}

function symbolAt(index: number): string {
  return SYMBOLS.charAt(index);
}
