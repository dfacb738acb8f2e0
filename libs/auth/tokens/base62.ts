const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Writes bytes as a number in base 62, with leading zeros up to `length` digits. @throws RangeError when it does not fit */
export function toBase62(bytes: Uint8Array, length: number): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; rest > 0n; rest /= 62n) text = String(DIGITS[Number(rest % 62n)]) + text;
  if (text.length > length) throw new RangeError(`the number does not fit into ${length} digits of base 62`);
  return text.padStart(length, '0');
}
