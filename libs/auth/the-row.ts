/** The one row of a statement that always returns one. @throws Error when it did not, which would be a fault of ours */
export function theRow<Row>([row, ...others]: readonly Row[]): Row {
  if (row === undefined || others.length > 0)
    throw new Error('a statement that returns one row returned another number of them');
  return row;
}
