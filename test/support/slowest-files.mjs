/** How many files are listed. */
const SHOWN = 10;

/** A reporter: after a run of many files, the slowest ones, and the time of each project. So that times stay visible. */
export default class SlowestFiles {
  onRunComplete(_contexts, { testResults }) {
    const files = testResults
      .filter(({ perfStats }) => perfStats.runtime > 0)
      .map(({ perfStats, testFilePath, displayName }) => ({
        path: testFilePath.slice(process.cwd().length + 1),
        project: displayName?.name ?? '',
        seconds: perfStats.runtime / 1000,
      }))
      .sort((a, b) => b.seconds - a.seconds);
    if (files.length <= SHOWN) return;
    const lines = files.slice(0, SHOWN).map(({ path, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${path}`);
    const projects = Object.entries(Object.groupBy(files, ({ project }) => project)).map(([project, members]) => {
      const sum = members.reduce((total, { seconds }) => total + seconds, 0);
      return `${project} ${sum.toFixed(0)} s in ${members.length} files`;
    });
    process.stderr.write(`\nSlowest files:\n${lines.join('\n')}\nSum of file times: ${projects.join(', ')}\n`);
  }
}
