/** A policy that sees nothing takes no host away. */
import { POOL } from './names.ts';
import type { Surroundings } from './surroundings.ts';

/** Between a read and the write that follows from it, and the next look. */
const ONE_PASS_MILLISECONDS = 2000;

export function createScaleJudge(worldOf: () => Surroundings, fault: (sentence: string) => void): { look(): Promise<void> } {
  let before = 0;
  return {
    async look() {
      const { store, metrics, clock, editedAt } = worldOf();
      const pool = await store.get('HostPool', POOL);
      const { replicas = 0, maxReplicas = 0 } = pool?.spec ?? {};
      const policies = await store.list('ScalingPolicy');
      // What a person wrote holds whatever is measured: a number of hosts, or the most there may be.
      const floor = Math.min(before, maxReplicas, ...policies.map(({ spec }) => spec.maxHosts));
      const isBlind = metrics.absentSince !== undefined && clock.now() - metrics.absentSince >= ONE_PASS_MILLISECONDS;
      const isEdited = clock.now() - editedAt < ONE_PASS_MILLISECONDS;
      if (isBlind && !isEdited && policies.length > 0 && replicas < floor) fault(`replicas went from ${before} to ${replicas} although no metric has a value`);
      before = replicas;
    },
  };
}
