// What @hey-api/openapi-ts makes of the API's document: types, one class with a method per operation, a fetch client.
export default {
  input: '../../docs/openapi.json',
  output: { path: 'generated', importFileExtension: '.js', clean: true },
  logs: { file: false, level: 'warn' },
  plugins: [
    { name: '@hey-api/client-fetch', throwOnError: true },
    { name: '@hey-api/typescript' },
    {
      name: '@hey-api/sdk',
      responseStyle: 'data',
      operations: { strategy: 'single', containerName: 'Operations', methods: 'instance' },
    },
  ],
};
