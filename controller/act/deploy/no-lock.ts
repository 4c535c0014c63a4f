import type { DeployLock } from '../../ports/index.ts';

/** The lock of an installation whose deployers need none: it is always free, and whoever asks has it. */
export const noLock = (): DeployLock => ({
  look: async () => ({ kind: 'Free' }),
  acquire: async (_lock, operationID) => ({ kind: 'Held', operationID, by: 'this installation', message: 'no lock is needed' }),
  release: async () => ({ kind: 'Free' }),
});
