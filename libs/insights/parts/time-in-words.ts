/** A moment as sentences name it, to the second: for people, who do not read milliseconds. */
export function timeInWords(time: number | string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
