/** One in three characters may be wrong, left out, added, or change places with the next. */
const CHARACTERS_PER_MISTAKE = 3;

/** As people tell names apart: `max_runtime_seconds` is `maxRuntimeSeconds`. */
const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** The known name that was probably meant, or null where none is close. */
export function probablyMeant(name: string, known: readonly string[]): string | null {
  const close = known
    .map((candidate) => ({ candidate, mistakes: mistakesBetween(bare(name), bare(candidate)) }))
    .filter(({ mistakes }) => mistakes !== null)
    .sort((a, b) => Number(a.mistakes) - Number(b.mistakes));
  return close[0]?.candidate ?? null;
}

/** The mistakes that make one text of another (Damerau and Levenshtein's, each character touched once); null: too many. */
function mistakesBetween(from: string, to: string): number | null {
  const most = Math.floor(Math.max(from.length, to.length) / CHARACTERS_PER_MISTAKE);
  if (Math.abs(from.length - to.length) > most) return null;
  let previous: number[] = [];
  let current = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const next = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      next.push(
        Math.min(
          at(current, column) + 1,
          at(next, column - 1) + 1,
          at(current, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(previous, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    previous = current;
    current = next;
  }
  const mistakes = at(current, to.length);
  return mistakes > most ? null : mistakes;
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
