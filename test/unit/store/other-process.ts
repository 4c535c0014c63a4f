// A second process on a store, as the CLI is one beside a running controller: `node other-process.ts <verb> <store> [argument]`.
import { acquireInstanceLock } from '../../../controller/runtime/store/instance-lock.ts';
import { openSqliteStore } from '../../../controller/runtime/store/sqlite-store.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { poolDraft } from '../../support/drafts.ts';

const [verb, path = '', argument = ''] = process.argv.slice(2);
const open = (): ReturnType<typeof openSqliteStore> => openSqliteStore({ path, clock: createSimulatedClock(0), ids: () => `other-${process.pid}`, missing: 'Refuse' });

switch (verb) {
  case 'scale': {
    const store = open();
    await store.scale({ namespace: 'shop', name: 'web' }, Number(argument));
    store.close();
    break;
  }
  case 'scale-many': {
    const store = open();
    for (let count = 0; count < Number(argument); count += 1) await store.scale({ namespace: 'shop', name: 'web' }, 1 + (count % 2));
    store.close();
    break;
  }
  case 'create-many': {
    const store = open();
    for (let slot = 0; slot < Number(argument); slot += 1) await store.create('HostPool', poolDraft('shop', `p${process.pid}-${slot}`));
    store.close();
    break;
  }
  case 'lock':
    acquireInstanceLock(path);
    process.stdout.write('locked\n');
    setInterval(() => {}, 1000);
    break;
  default:
    throw new Error(`verb: ${verb}: write scale, scale-many, create-many or lock`);
}
