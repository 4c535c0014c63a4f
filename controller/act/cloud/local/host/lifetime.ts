import { access } from 'node:fs/promises';
import { type ProcessIdentity, isAlive } from '../process-identity.ts';

const lookMilliseconds = 1_000;

/**
 * A host outlives its controller, but not its world: calls back once the order file is gone (with it the folder, or
 * the record alone), or the process that owns the world.
 */
export function endWithTheWorld(orderFile: string, until: ProcessIdentity | undefined, end: () => void): void {
  setInterval(() => {
    void worldEnded(orderFile, until).then((ended) => {
      if (ended) end();
    });
  }, lookMilliseconds);
}

async function worldEnded(orderFile: string, until: ProcessIdentity | undefined): Promise<boolean> {
  if (await access(orderFile).then(() => false, () => true)) return true;
  return until !== undefined && !(await isAlive(until));
}
