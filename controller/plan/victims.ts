import type { FleetHost, Instant } from '../model/index.ts';

export function chooseVictims(hosts: readonly FleetHost[], count: number, now: Instant): FleetHost[] {
  throw new Error(`chooseVictims ${hosts.length} ${count} ${now}`);
}
