/** A variable of the environment that a test run sets: the addresses of its servers, mostly. */
export function fromTestRun(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests by npm test, which starts their servers`);
  return value;
}
