import { type UsageDto, type UsageTable } from './usage.dto.js';

/** Records end as RFC 4180 says. */
const END = '\r\n';

type Cell = string | number | null;

/** One of the tables as CSV, with a line of headings; `null` is an empty cell. */
export function toUsageCsv(usage: UsageDto, table: UsageTable): string {
  const [headings, rows] = TABLES[table](usage);
  return [headings, ...rows].map((cells) => cells.map(cellOf).join(',') + END).join('');
}

const HOURS = ['cpuHours', 'memoryMibHours', 'gpuHours'] as const;

const TABLES: Readonly<Record<UsageTable, (usage: UsageDto) => [readonly Cell[], readonly (readonly Cell[])[]]>> = {
  points: ({ points }) => [
    ['from', 'to', 'cpu', 'memoryMib', 'gpu', 'cpuUtilization', 'memoryUtilization', 'gpuUtilization'],
    points.map(({ from, to, allocated, utilization }) => [
      from,
      to,
      allocated.cpu,
      allocated.memoryMib,
      allocated.gpu,
      utilization.cpu,
      utilization.memory,
      utilization.gpu,
    ]),
  ],
  members: ({ members }) => [
    ['memberId', ...HOURS],
    members.map((member) => [member.memberId, ...HOURS.map((hours) => member[hours])]),
  ],
  labels: ({ labels }) => [
    ['key', 'value', ...HOURS],
    labels.map((label) => [label.key, label.value, ...HOURS.map((hours) => label[hours])]),
  ],
  deployments: ({ deployments }) => [
    ['deploymentId', 'name', ...HOURS],
    deployments.map((deployment) => [
      deployment.deploymentId,
      deployment.name,
      ...HOURS.map((hours) => deployment[hours]),
    ]),
  ],
};

/** A text that a spreadsheet would take for a formula is marked as text: names are what members wrote. */
function cellOf(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  const harmless = /^[=+\-@\t\r\n＝＋－＠]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
