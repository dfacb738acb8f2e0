export default {
  stowage: {
    input: './openapi.json',
    output: {
      target: './generated/orval.ts',
      client: 'fetch',
      baseUrl: { runtime: 'baseUrl', imports: [{ name: 'baseUrl', importPath: '../person.js' }] },
    },
  },
};
