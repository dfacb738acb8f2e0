import { spawnSync } from 'node:child_process';

import { Stop } from './stop.js';

/** The user of the operating system that runs the servers when root starts Stowage. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'stowage-services';

/** Whether this process may act as any user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The user for servers: PostgreSQL refuses to run as root, and Redis has no need to. Created when it does not exist;
 * undefined when this process is not root: then everything runs as its user.
 *
 * @throws Stop when there is no such user and none can be created
 */
export function serviceUser(): SystemUser | undefined {
  if (!isRoot()) {
    return undefined;
  }
  const existing = lookUp(NAME);
  if (existing !== undefined) {
    return existing;
  }
  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  spawnSync('useradd', [...options, '--shell', '/usr/sbin/nologin', NAME], { stdio: 'ignore', cwd: '/' });
  const user = lookUp(NAME) ?? lookUp('postgres');
  if (user === undefined) {
    throw new Stop(
      `PostgreSQL does not run as root, and the system user ${NAME} could not be created: create it with useradd, or start Stowage as a user other than root.`,
    );
  }
  return user;
}

/** Whether that user passes `test OPTION PATH`, for example `-x`: asked of the system as that user, not guessed from modes. */
export function canAccess(user: SystemUser, option: '-r' | '-w' | '-x', path: string): boolean {
  const { uid, gid } = user;
  return (
    spawnSync('/bin/sh', ['-c', `test ${option} "$0"`, path], { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0
  );
}

function lookUp(name: string): SystemUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((option) => {
    const { status, stdout } = spawnSync('id', [option, name], { encoding: 'utf8', cwd: '/' });
    return status === 0 ? Number(stdout) : undefined;
  });
  return uid === undefined || gid === undefined ? undefined : { name, uid, gid };
}
