declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

/** The address of the service. */
export const baseUrl = process.env['STOWAGE_URL'] ?? 'http://127.0.0.1:3000';

/** A new person. */
export const person = {
  username: `ada-${crypto.randomUUID().slice(0, 8)}`,
  password: 'analytical engines run on punch cards',
};

/** A cluster for two deployments at a time, and one deployment: neither names what has a default. */
export const pool = { name: 'pool', capacity: { cpu: 2, memoryMib: 2048 } };
export const one = { image: 'registry.example.com/vision/train:2.1', resources: { cpu: 1, memoryMib: 1024 } };

/** The value of an answer that has to be there. */
export function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} was not answered`);
  return value;
}
