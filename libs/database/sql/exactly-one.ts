/** The one row of a statement that always returns one. @throws Error when it returned another number: a fault of this program */
export function exactlyOne<Row>([row, ...others]: readonly Row[]): Row {
  if (row === undefined || others.length > 0) {
    throw new Error('a statement that returns one row returned another number of rows');
  }
  return row;
}
