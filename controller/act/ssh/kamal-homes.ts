import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, DeployTarget } from '../../ports/index.ts';
import { type KamalHome, type KamalHomeSettings, writeKamalHome } from './kamal-home.ts';

/** Longer than any run of Kamal may take. A run can outlive the controller that began it, and goes on reading its home. */
const LEFT_BEHIND_MILLISECONDS = 24 * 3_600_000;

/** A home folder for one run of Kamal, under `folder`; `release` removes it. Rejects as writeKamalHome does. */
export function createKamalHomes(folder: string, settings: KamalHomeSettings & { clock: Clock }): (targets: readonly DeployTarget[]) => Promise<KamalHome & { release(): Promise<void> }> {
  return async (targets) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeLeftBehind(folder, settings.clock.now());
    const home = await mkdtemp(join(folder, 'run-'));
    const release = (): Promise<void> => rm(home, { recursive: true, force: true });
    try {
      return { ...await writeKamalHome(home, targets, settings), release };
    } catch (error) {
      await release();
      throw error;
    }
  };
}

async function removeLeftBehind(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const home = join(folder, name);
    // Another run may remove its own just now.
    const made = await stat(home).catch(() => undefined);
    if (made !== undefined && now - made.mtimeMs > LEFT_BEHIND_MILLISECONDS) await rm(home, { recursive: true, force: true });
  }
}
