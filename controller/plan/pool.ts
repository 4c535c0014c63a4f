import type { Fleet, Instant, Step } from '../model/index.ts';

export function planPool(fleet: Fleet, replicas: number | undefined, now: Instant): Step[] {
  throw new Error(`planPool ${fleet.hosts.length} ${replicas} ${now}`);
}
