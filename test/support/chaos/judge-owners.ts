/** Who owns a server: no host is given up as lost while its server runs, and none is let go while a server carries its UID. */
import type { Excuses } from './excuses.ts';
import { POOL, boughtHosts } from './names.ts';
import type { Surroundings } from './surroundings.ts';

export interface OwnerJudge {
  look(): Promise<void>;
  /** The store is another one. */
  forget(): void;
}

export function createOwnerJudge(worldOf: () => Surroundings, excuses: Excuses, fault: (sentence: string) => void): OwnerJudge {
  /** As of the last look, by UID. */
  let before = new Map<string, { name: string; isLost: boolean }>();
  let poolBefore: string | undefined;

  return {
    async look() {
      const { store, clock, cloud } = worldOf();
      const { metadata, spec } = await store.get('HostPool', POOL) ?? {};
      // Under Retain hosts are let go with their servers.
      const pool = metadata?.deletionTimestamp !== undefined && spec?.deletionPolicy === 'Retain' ? undefined : metadata?.uid;
      const hosts = await store.list('KamalHost');
      const now = new Map(hosts.map((host) => [host.spec.hostID, { name: host.metadata.name, isLost: host.status?.evidence?.cause === 'ServerLost' }]));
      const serversOf = (hostID: string) => (excuses.coversLoss(hostID, clock.now()) ? [] : boughtHosts(worldOf()).filter(({ order }) => order.owner?.hostID === hostID));
      for (const [hostID, { name, isLost }] of now) {
        const running = isLost && before.get(hostID)?.isLost === false ? serversOf(hostID).find(({ diedAt }) => diedAt === undefined) : undefined;
        if (running !== undefined) fault(`${name} was given up as lost while ${running.order.id} runs`);
      }
      for (const [hostID, { name }] of pool !== undefined && pool === poolBefore ? before : []) {
        if (now.has(hostID)) continue;
        const [left] = serversOf(hostID);
        if (left !== undefined) fault(`${name} was let go while ${left.order.id} carries its UID`);
        if ((cloud.late.get(hostID) ?? 0) > 0 && !excuses.coversLoss(hostID, clock.now())) fault(`${name} was let go while an order of its server is on its way`);
      }
      before = now;
      poolBefore = pool;
    },
    forget: () => before.clear(),
  };
}
