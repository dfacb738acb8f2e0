/** A try: whether the amounts do it. `null`: the budget is used up, and nothing is known. */
export type Attempt = (amounts: readonly number[]) => boolean | null;

/** What was found, and whether all that was to be tried has been. */
export interface Least {
  /** `null`: none of what was tried does it. */
  readonly amounts: readonly number[] | null;
  readonly isCut: boolean;
}

/**
 * The least amounts that do something, where nothing does not: found by a guess, doubling, and halving.
 *
 * What it answers was tried and does it; and with any single amount one less it was tried and does not. More need not be better for that:
 * the answer then is one of several such points. Amounts that start at zero stay there.
 *
 * @param guess where to begin: zero for what is to stay zero
 * @param most the largest amounts that make sense
 */
export function least(guess: readonly number[], most: readonly number[], attempt: Attempt): Least {
  let amounts = guess.map((amount, row) => Math.min(amount, most[row]!));
  for (;;) {
    const works = attempt(amounts);
    if (works === null) return { amounts: null, isCut: true };
    if (works) break;
    if (amounts.every((amount, row) => amount === 0 || amount === most[row])) return { amounts: null, isCut: false };
    amounts = amounts.map((amount, row) => Math.min(amount * 2, most[row]!));
  }
  return lower(amounts, attempt);
}

/** Lowers one amount after the other, until none can be lowered by one. */
function lower(start: readonly number[], attempt: Attempt): Least {
  let amounts = start;
  for (let row = 0, untouched = 0; untouched < amounts.length; row = (row + 1) % amounts.length) {
    const amount = amounts[row]!;
    const lowest = amount === 0 ? amount : lowestAt(amounts, row, attempt);
    // What was tried suffices, but less was not tried: no result.
    if (lowest === null) return { amounts: null, isCut: true };
    if (lowest === amount) {
      untouched++;
      continue;
    }
    untouched = 1;
    amounts = amounts.with(row, lowest);
  }
  return { amounts, isCut: false };
}

/** The lowest amount, all others given; the next lower one was tried and does not do it. `null`: the budget is used up. */
function lowestAt(amounts: readonly number[], row: number, attempt: Attempt): number | null {
  let works = amounts[row]!;
  // One less first: after a good guess that is all there is to try.
  let next = works - 1;
  let fails = -1;
  while (works - fails > 1) {
    const result = attempt(amounts.with(row, next));
    if (result === null) return null;
    if (result) works = next;
    else fails = next;
    next = Math.floor((fails + works) / 2);
  }
  return works;
}
