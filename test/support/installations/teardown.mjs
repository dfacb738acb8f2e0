// Jest's globalTeardown: audits every shared installation as a whole, and stops it.
export default async function teardown() {
  await globalThis.stowageInstallations.close();
}
