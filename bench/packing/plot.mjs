// A log-log plot as SVG text: points, medians joined by a line, and the exponent that fits them best.
const WIDTH = 560;
const HEIGHT = 320;
const MARGIN = { left: 64, right: 16, top: 40, bottom: 48 };

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
export const quantile = (values, part) => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
};

/** Slope of the least-squares line through the logarithms of the medians. */
export function exponent(series) {
  const points = series.map(({ x, ys }) => [Math.log(x), Math.log(median(ys))]);
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const above = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return above / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

/** @param series [{x, ys}], x ascending */
export function plot(title, xLabel, series) {
  const xs = series.map(({ x }) => x);
  const ys = series.flatMap((entry) => entry.ys);
  const decades = (values) => [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values)) + 1e-9),
  ];
  const [x0, x1] = decades(xs);
  const [y0, y1] = decades(ys);
  const toX = (x) => MARGIN.left + ((Math.log10(x) - x0) / (x1 - x0)) * (WIDTH - MARGIN.left - MARGIN.right);
  const toY = (y) =>
    HEIGHT - MARGIN.bottom - ((Math.log10(y) - y0) / (y1 - y0)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const label = (power) => (power < 0 ? (10 ** power).toString() : (10 ** power).toLocaleString('en'));
  const grid = [
    ...range(x0, x1).map((power) => {
      const x = toX(10 ** power).toFixed(1);
      return `<path d="M${x} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}" class="g"/><text x="${x}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${label(power)}</text>`;
    }),
    ...range(y0, y1).map((power) => {
      const y = toY(10 ** power).toFixed(1);
      return `<path d="M${MARGIN.left} ${y}H${WIDTH - MARGIN.right}" class="g"/><text x="${MARGIN.left - 6}" y="${Number(y) + 4}" text-anchor="end">${label(power)}</text>`;
    }),
  ];
  const dots = series.flatMap(({ x, ys: values }) =>
    values.map((y) => `<circle cx="${toX(x).toFixed(1)}" cy="${toY(y).toFixed(1)}" r="2"/>`),
  );
  const line = series
    .map(
      ({ x, ys: values }, index) => `${index === 0 ? 'M' : 'L'}${toX(x).toFixed(1)} ${toY(median(values)).toFixed(1)}`,
    )
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<style>.g{stroke:#ccc;fill:none}circle{fill:#2563eb;opacity:.45}.m{stroke:#b91c1c;stroke-width:1.5;fill:none}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${MARGIN.left}" y="20" font-size="14">${title}: exponent ${exponent(series).toFixed(2)}</text>
${grid.join('\n')}
${dots.join('')}
<path d="${line}" class="m"/>
<text x="${WIDTH / 2}" y="${HEIGHT - 10}" text-anchor="middle">${xLabel}</text>
<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle">ms for one plan</text>
</svg>
`;
}
