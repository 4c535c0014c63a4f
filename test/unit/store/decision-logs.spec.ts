import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loggedDecisions } from '../../../controller/compose/logged-decisions.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { createMemoryDecisionLog } from '../../../controller/runtime/store/decision-logs.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { decisionLogContract } from '../../support/decision-log-contract.ts';

decisionLogContract('memory', () => ({ log: createMemoryDecisionLog(), close: () => {} }));

// As it is composed for a cluster: the ring in memory, behind the log lines.
decisionLogContract('memory and log lines', () => ({ log: loggedDecisions(createMemoryDecisionLog(), { log: () => undefined }), close: () => {} }));

// As it is composed standalone: in the store's own file.
decisionLogContract('sqlite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'decisions-'));
  const store = openSqliteStore({ path: join(folder, 'store.db'), clock: systemClock, ids: randomUUID });
  return {
    log: store.decisionLog,
    close: () => {
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
