import type { ObjectKey } from '../../api/index.ts';
import type { DeployLock, Deployer } from '../../ports/index.ts';
import { createOperationTable } from './operation-table.ts';

const ENDED_KEPT = 100;

/** Stands where a deployer is not set up: every fact is unknown, and every operation fails with the reason why. */
export function createAbsentDeployer(why: string): Deployer {
  const operations = createOperationTable(ENDED_KEPT);
  const listeners: ((host: ObjectKey) => void)[] = [];
  return {
    inspect: async () => ({ machine: { kind: 'Unreachable', why }, app: { kind: 'Unknown' } }),
    async start({ id, target }) {
      operations.start(id, async () => ({ kind: 'Failed', class: 'Invalid', message: why, replaceHost: false }), () => {
        for (const listener of listeners) listener(target.host);
      });
    },
    observe: (operationID) => operations.observe(operationID),
    // What an earlier controller began may go on, and nobody here can tell.
    survives: async () => 'Unknown',
    onEnd(listener) {
      listeners.push(listener);
    },
    evidence: async () => ({ texts: [], missing: [{ name: 'machine', why }] }),
    reference: async () => ({ kind: 'Unknown', why }),
    needsLock: () => false,
  };
}

export function createAbsentLock(why: string): DeployLock {
  const unknown = async () => ({ kind: 'Unknown', class: 'Invalid', why }) as const;
  return { look: unknown, acquire: unknown, release: unknown };
}
