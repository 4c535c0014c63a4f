import { type FleetHost, type Instant, seconds } from '../model/index.ts';

const BILLED_HOUR = seconds(3600);

/**
 * Which of these hosts leave first: unready before ready, booting before serving, outdated before newer, least paid time
 * left where hours are billed, then the newest. Those that leave already are never chosen, nor protected ones by a scale-in; so fewer may come
 * back. A replacement takes a protected host too: it is down, and its protection would keep its place from one that serves.
 */
export function chooseVictims(hosts: readonly FleetHost[], count: number, now: Instant, cause: 'ScaleIn' | 'Replacement' = 'ScaleIn'): FleetHost[] {
  return hosts
    .filter((host) => staysInFleet(host) && (cause === 'Replacement' || !host.protected))
    .sort((a, b) => worth(a) - worth(b) || Number(a.outdated === undefined) - Number(b.outdated === undefined) || paidTimeLeft(a, now) - paidTimeLeft(b, now) || b.createdAt - a.createdAt || b.slot - a.slot)
    .slice(0, Math.max(0, count));
}

/** Neither out, nor on its way there, nor told to go. A drain that was taken back stays, even before its phase says so. */
export function staysInFleet({ phase, intent, deleting, quarantined }: FleetHost): boolean {
  if (deleting || quarantined || intent === 'Drain') return false;
  return phase !== 'Departing' && phase !== 'Deprovisioning' && phase !== 'Released';
}

/** 0 for a host that boots, 1 for one that is in service but down, 2 for one that serves. */
function worth({ phase, health }: FleetHost): number {
  if (phase !== 'InService') return 0;
  return health === 'Unhealthy' ? 1 : 2;
}

/** Milliseconds that were paid for and would be lost; nothing where seconds are billed or no server was launched. */
function paidTimeLeft({ billing, launchedAt }: FleetHost, now: Instant): number {
  if (billing !== 'Hour' || launchedAt === undefined) return 0;
  const usedOfHour = Math.max(0, now - launchedAt) % BILLED_HOUR;
  return usedOfHour === 0 && now > launchedAt ? 0 : BILLED_HOUR - usedOfHour;
}
