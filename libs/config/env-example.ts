import type { Variable } from './variable.js';
import { GROUPS, LOCAL_VARIABLES } from './variables.js';

const WIDTH = 116;

/** Breaks a text into comment lines at spaces. */
function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function entry(variable: Variable<unknown>): string[] {
  const { absence, name, unit, range, isSecret = false, recommended } = variable;
  const presence =
    absence.kind === 'default' ? `default: ${absence.text}` : absence.kind === 'required' ? 'required' : 'optional';
  const file = isSecret ? `; or ${name}_FILE with the path of a file that holds it` : '';
  const example = absence.kind === 'default' && !absence.isComputed ? absence.text : '';
  const assignment = recommended !== undefined ? `${name}=${recommended}` : `# ${name}=${example}`;
  const isSet = absence.kind === 'required';
  return [
    ...comment(variable.about),
    ...comment(`(${unit}; ${range}; ${presence}${file})`),
    isSet ? `${name}=` : assignment,
    '',
  ];
}

function section(title: string, variables: Readonly<Record<string, Variable<unknown>>>): string[] {
  return [`# --- ${title} ${'-'.repeat(WIDTH - title.length - 7)}`, '', ...Object.values(variables).flatMap(entry)];
}

/** The text of `.env.example`: every variable with its description, unit, range and default. */
export function renderEnvExample(): string {
  return [
    '# Generated from the table in libs/config/variables.ts.',
    '# An empty variable counts as not set. Assignments behind a # show the default.',
    '',
    ...GROUPS.flatMap((group) => section(group.title, group.variables)),
    ...section('One machine (npm start) and commands', LOCAL_VARIABLES),
  ].join('\n');
}
