import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { newPassword, startPostgres, startRedis } from './local-services.js';
import { LogFiles } from './log-files.js';
import { Ownership } from './ownership.js';
import { throwawaySettings } from './postgres.js';
import { placePostgres } from './postgres-files.js';
import { Stop } from './stop.js';
import { Supervisor } from './supervisor.js';
import { canAccess, serviceUser } from './system-user.js';
import { say } from './terminal.js';

const PREFIX = 'stowage-services-';

/** A PostgreSQL and a Redis for one run of something, in a temporary directory, on free ports. */
export interface ThrowawayServices {
  /** The address of PostgreSQL for its superuser. */
  readonly postgresUrl: string;
  /** The address of Redis; it has 64 numbered databases. */
  readonly redisUrl: string;
  /** Stops both and removes what they wrote. */
  stop(): Promise<void>;
}

/**
 * Starts both and waits until they answer. Should this process be killed, the next start ends and removes what it left.
 *
 * @throws Stop when one of them cannot be started; nothing is left then
 */
export async function startThrowawayServices(redisServer: string, signal: AbortSignal): Promise<ThrowawayServices> {
  const parent = temporaryFolder();
  await removeAbandoned(parent);
  const directory = mkdtempSync(join(parent, PREFIX));
  chmodSync(directory, 0o711);
  const ownership = await Ownership.take(directory, say);
  const supervisor = new Supervisor({
    logs: new LogFiles(join(directory, 'logs')),
    say,
    onChange: (children) => {
      ownership.note({ children });
    },
  });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const options = { password: newPassword(), settings: throwawaySettings(), isThrowaway: true, signal };
    const postgres = await startPostgres(supervisor, await placePostgres(directory, [directory]), options);
    const redisUrl = await startRedis(supervisor, redisServer, signal);
    supervisor.watch();
    return { postgresUrl: postgres.superuserUrl, redisUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where temporary files go, if the user who runs the servers gets there. */
function temporaryFolder(): string {
  const user = serviceUser();
  const candidates = [tmpdir(), '/tmp', '/var/tmp'];
  const folder = candidates.find((path) => user === undefined || canAccess(user, '-x', path));
  if (folder === undefined) {
    const who = user?.name ?? 'their user';
    throw new Stop(
      `The servers need a temporary folder that ${who} can enter: none of ${candidates.join(', ')} is one.`,
    );
  }
  return folder;
}

async function removeAbandoned(parent: string): Promise<void> {
  const uid = process.getuid?.();
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX))) {
    const directory = join(parent, name);
    if (isOurs(directory, uid) && Ownership.isAbandoned(directory)) {
      await Ownership.take(directory, say);
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

function isOurs(directory: string, uid: number | undefined): boolean {
  try {
    return statSync(directory).uid === uid;
  } catch {
    // Another run has just removed its own.
    return false;
  }
}
