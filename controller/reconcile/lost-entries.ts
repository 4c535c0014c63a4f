import type { KamalHost } from '../api/index.ts';
import type { ServerSnapshot } from '../model/index.ts';
import { type Ledger, living } from './ledger.ts';

/**
 * UIDs at one provider that the ledger counts although neither a KamalHost nor a server carries them: the server was
 * deleted by hand after its pool was let go, or a controller that stood still noted it after another had released it.
 * Left there they would hold a place under the maximum, and money, for ever. Pure; the ledger is read after the snapshot
 * and the hosts, and one look proves nothing: a reservation comes before its server.
 */
export function lostEntries(ledger: Ledger, snapshot: ServerSnapshot, hosts: readonly KamalHost[]): string[] {
  const carried = new Set([...hosts.map(({ spec }) => spec.hostID), ...snapshot.servers.map(({ owner }) => owner.hostID)]);
  return living(ledger).filter(([hostID, entry]) => entry.provider === snapshot.provider && !carried.has(hostID)).map(([hostID]) => hostID);
}
