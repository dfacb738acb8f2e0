import { execFile, type ExecFileException } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function execute(file: string, args: readonly string[], cwd: string, env = {}): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env }, maxBuffer: 1 << 26 };
    execFile(file, args, options, (error: ExecFileException | null, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** The TypeScript of a page, its blocks in their order as one program. */
export function programOf(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block).join('\n');
}

/** An empty project into which the SDK was installed from its package, as a user would. */
export class SdkProject {
  private constructor(
    readonly folder: string,
    /** What is in the package, by path. */
    readonly packed: readonly string[],
  ) {}

  /** Generates and packs the SDK, and installs it. */
  static async create(): Promise<SdkProject> {
    const folder = mkdtempSync(join(tmpdir(), 'stowage-sdk-'));
    await must(process.execPath, [join(ROOT, 'scripts/sdk.mjs')], ROOT);
    const packed = await must('npm', ['pack', '--json', '--pack-destination', folder], join(ROOT, 'libs/sdk'));
    const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
    await must('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${filename}`], folder);
    mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(STRICT));
    return new SdkProject(
      folder,
      files.map(({ path }) => path),
    );
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** What the compiler says of the whole project; empty when it finds nothing wrong. */
  async compile(): Promise<string> {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const types = join(ROOT, 'node_modules/@types');
    return (await execute(process.execPath, [tsc, '-p', '.', '--typeRoots', types], this.folder)).stdout;
  }

  /** Runs a program of the project. */
  async run(name: string, env: Readonly<Record<string, string>>): Promise<Ended> {
    return execute(process.execPath, ['--disable-warning=ExperimentalWarning', name], this.folder, env);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

const STRICT = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    types: ['node'],
  },
  include: ['*.ts'],
};

async function must(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await execute(file, args, cwd);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
