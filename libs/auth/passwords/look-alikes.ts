import unhomoglyph from 'unhomoglyph';

/**
 * A text in lower case, with characters of other scripts that look like ASCII (Unicode's confusables) replaced by what they look like. For
 * comparison with names and lists only: what is hashed stays as it was typed.
 */
export function plainFormOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\0-\x7f]+/g, (run) => unhomoglyph(run))
    .toLowerCase();
}
