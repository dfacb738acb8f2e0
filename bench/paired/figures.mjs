// Reads the figures of a benchmark from the markdown tables that it prints.

const cellsOf = (line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The first column with a figure that belongs to the program itself, for each kind of table. */
function columnOf(header) {
  const column = header.findIndex((title) => /per second|median/.test(title));
  return column < 0 ? undefined : { column, isRate: /per second/.test(header[column]) };
}

/**
 * The rows of all tables in a text, in order: what was measured, the figure, and whether more is better.
 *
 * Two revisions print the same tables in the same order, perhaps under other titles: rows are compared by their place.
 */
export function figuresIn(text) {
  const found = [];
  let place;
  let previous = '';
  for (const line of text.split('\n')) {
    if (/^\|\s*:?-/.test(line)) place = columnOf(cellsOf(previous));
    else if (line.startsWith('|') && place !== undefined) {
      const cells = cellsOf(line);
      const figure = Number((cells[place.column] ?? '').replaceAll(',', ''));
      if (Number.isFinite(figure)) found.push({ what: cells[0], figure, isRate: place.isRate });
    } else if (!line.startsWith('|')) place = undefined;
    previous = line;
  }
  return found;
}
