/** A generator of clients, and how it is called. */
export interface Generator {
  readonly name: string;
  /** The program of the package, and its arguments. It reads `openapi.json` and writes below `generated`. */
  readonly command: readonly [program: string, ...args: readonly string[]];
}

const DOCUMENT = 'openapi.json';

export const GENERATORS: readonly Generator[] = [
  {
    name: 'openapi-typescript',
    command: ['openapi-typescript', DOCUMENT, '--output', 'generated/openapi-typescript.ts'],
  },
  { name: 'orval', command: ['orval', '--config', 'orval.config.mjs'] },
  { name: 'kubb', command: ['kubb', 'generate', '--config', 'kubb.config.mjs', '--logLevel', 'silent'] },
  {
    name: 'swagger-typescript-api',
    command: [
      'swagger-typescript-api',
      'generate',
      '-p',
      DOCUMENT,
      '-o',
      'generated',
      '-n',
      'swagger-typescript-api.ts',
    ],
  },
  { name: 'oazapfts', command: ['oazapfts', DOCUMENT, 'generated/oazapfts.ts'] },
  {
    name: 'openapi-zod-client',
    command: ['openapi-zod-client', DOCUMENT, '--output', 'generated/openapi-zod-client.ts'],
  },
];
