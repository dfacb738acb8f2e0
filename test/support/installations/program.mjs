// `program.mjs api|worker`: runs a program of the build in this process, for a shared installation. Where the run measures coverage, it runs
// from the sources instead, instrumented exactly as Jest instruments them: only then can counters of both be added.
const [, , name] = process.argv;
const coverage = process.env.STOWAGE_TEST_COVERAGE;
delete process.env.STOWAGE_TEST_COVERAGE;

// The run has ended without stopping this process.
process.on('disconnect', () => process.exit(1));

process.on('message', () => {
  process.send(globalThis.__coverage__ ?? {});
  Object.values(globalThis.__coverage__ ?? {}).forEach(reset);
});
// Neither the listener nor the channel keeps a process that was asked to stop.
process.channel.unref();

if (coverage === undefined) {
  await import(`../../../dist/apps/${name}/main.js`);
} else {
  const { instrumentSources } = await import('./instrumentation.mjs');
  await instrumentSources(JSON.parse(coverage));
  await import(`../../../apps/${name}/main.ts`);
}

function reset({ s, f, b }) {
  for (const counters of [s, f, ...Object.values(b)]) {
    for (const key of Object.keys(counters)) counters[key] = 0;
  }
}
