import { dictionary } from '@zxcvbn-ts/language-common';

import { plainFormOf } from './look-alikes.js';

/** A password that repeats so few characters over and over is no better than they are. */
const MAX_PERIOD = 4;

/**
 * Whether a password is among the most common ones (about 49,000, a packaged list), is one of them written several times, or repeats a few characters.
 *
 * @param password normalized; case, and letters of other scripts that look like Latin ones, do not matter
 */
export function isCommonPassword(password: string): boolean {
  const folded = plainFormOf(password);
  const period = smallestPeriod(folded);
  return isListed(folded) || isListed(period) || period.length <= MAX_PERIOD || new Set(folded).size <= 2;
}

let listed: ReadonlySet<string> | undefined;

/** The list is unpacked when it is first asked for: commands that check no password do not pay for it. */
function isListed(folded: string): boolean {
  listed ??= new Set(dictionary['passwords-common'].map(String));
  return listed.has(folded);
}

/** The shortest text whose repetition gives `text`: linear, by the failure function of Knuth, Morris and Pratt. */
function smallestPeriod(text: string): string {
  const borders = new Uint32Array(text.length);
  for (let i = 1, border = 0; i < text.length; i++) {
    while (border > 0 && text[i] !== text[border]) border = borders[border - 1] ?? 0;
    if (text[i] === text[border]) border++;
    borders[i] = border;
  }
  const period = text.length - (borders.at(-1) ?? 0);
  return text.length % period === 0 ? text.slice(0, period) : text;
}
