// Waits against load as SVG text: one line for each rule.
const WIDTH = 720;
const HEIGHT = 360;
const MARGIN = { left: 72, right: 230, top: 40, bottom: 48 };
const COLOURS = ['#6b7280', '#a16207', '#b91c1c', '#db2777', '#7c3aed', '#0891b2', '#65a30d', '#ea580c', '#2563eb'];

/** @param lines [{title, points: [[load, seconds]]}], loads ascending */
export function plotWaits(title, lines) {
  const points = lines.flatMap((line) => line.points);
  const loads = points.map(([load]) => load);
  const [least, most] = [Math.min(...loads), Math.max(...loads)];
  const decades = [
    Math.floor(Math.log10(Math.min(...points.map(([, wait]) => Math.max(1, wait))))),
    Math.ceil(Math.log10(Math.max(...points.map(([, wait]) => Math.max(1, wait))) + 1)),
  ];
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  const toX = (load) => MARGIN.left + ((load - least) / (most - least || 1)) * width;
  const toY = (wait) =>
    MARGIN.top + height - ((Math.log10(Math.max(1, wait)) - decades[0]) / (decades[1] - decades[0])) * height;
  const powers = Array.from({ length: decades[1] - decades[0] + 1 }, (_, index) => decades[0] + index);
  const grid = [
    ...powers.map((power) => {
      const y = toY(10 ** power).toFixed(1);
      return `<path d="M${MARGIN.left} ${y}H${MARGIN.left + width}" class="g"/><text x="${MARGIN.left - 6}" y="${Number(y) + 4}" text-anchor="end">${(10 ** power).toLocaleString('en')}</text>`;
    }),
    ...[...new Set(loads)].map((load) => {
      const x = toX(load).toFixed(1);
      return `<path d="M${x} ${MARGIN.top}V${MARGIN.top + height}" class="g"/><text x="${x}" y="${MARGIN.top + height + 16}" text-anchor="middle">${load.toFixed(2)}</text>`;
    }),
  ];
  const byEnd = lines.toSorted((a, b) => b.points.at(-1)[1] - a.points.at(-1)[1]);
  const series = byEnd.map(({ title: name, points: own }, index) => {
    const colour = COLOURS[lines.findIndex((line) => line.title === name) % COLOURS.length];
    const path = own.map(
      ([load, wait], at) => `${at === 0 ? 'M' : 'L'}${toX(load).toFixed(1)} ${toY(wait).toFixed(1)}`,
    );
    const y = MARGIN.top + 12 + index * 18;
    return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="2"/><path d="M${WIDTH - MARGIN.right + 14} ${y - 4}h18" stroke="${colour}" stroke-width="2"/><text x="${WIDTH - MARGIN.right + 38}" y="${y}">${name}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<style>.g{stroke:#ccc;fill:none}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${MARGIN.left}" y="20" font-size="14">${title}</text>
${grid.join('\n')}
${series.join('\n')}
<text x="${MARGIN.left + width / 2}" y="${HEIGHT - 10}" text-anchor="middle">load offered</text>
<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle">seconds</text>
</svg>
`;
}
