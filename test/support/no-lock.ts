import type { DeployLock } from '../../controller/ports/index.ts';

/** A lock for installations whose deployers need none: it is always free, and whoever asks has it. */
export const noLock = (): DeployLock => ({
  look: async () => ({ kind: 'Free' }),
  acquire: async (_lock, operationID) => ({ kind: 'Held', operationID, by: 'this installation', message: 'no lock is needed' }),
  release: async () => ({ kind: 'Free' }),
});
