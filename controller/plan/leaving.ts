import type { HostStep } from '../model/index.ts';
import { drainStep } from './drain.ts';
import { isListed, membershipText, notLeft, settledAt } from './evidence.ts';
import type { Work } from './host-view.ts';
import { isApart, keptApart } from './quarantine.ts';

/** Every phase on the way out: what it does while no guard lets it go. */
export const DRAINING: Work = (host, facts, now) => {
  const step = drainStep(host, facts, now);
  if (step.kind !== 'Drained') return step;
  return host.deleting ? wait(step.why, 1) : { kind: 'DeleteObject', why: step.why };
};

/** Nothing happens to it until a person says so. */
export const QUARANTINED: Work = (host, facts) => {
  if (isApart(host)) return keptApart(facts.server, facts.membership);
  return wait(`is to leave, once that is known to be safe: ${membershipText(facts.membership)}`, 1);
};

/** The server is gone or without power; only its traces are left. */
export const DEPARTING: Work = (host, facts, now) => {
  const listed = notLeft(host, facts, now);
  if (listed !== undefined) return wait(`its server is gone; leaves the load balancers: ${listed}`, 1);
  if (isApart(host)) return keptApart(facts.server, facts.membership);
  return host.deleting ? wait('its server is gone and no load balancer lists it', 1) : { kind: 'DeleteObject', why: 'its server is gone and no load balancer lists it' };
};

/** The only place in which a host's server is deleted, and never before the object itself is being deleted. */
export const DEPROVISIONING: Work = (host, { server, membership }) => {
  if (isApart(host)) return keptApart(server, membership);
  if (!host.deleting) return { kind: 'DeleteObject', why: 'its server is to be deleted' };
  switch (server.kind) {
    case 'Unknown': return wait(`the provider cannot be asked, so nothing is deleted: ${server.why}`, 5);
    case 'Absent': return wait(server.asOf < settledAt(host) ? 'the server is absent; a list that is younger than its last effects must say so too' : 'the server is absent', 1);
    case 'Found': {
      if (server.server.state === 'Leaving') return wait(`the provider removes server ${server.server.providerID}`, 1);
      // It was confirmed gone before this phase; a load balancer that came back with an old configuration lists it again.
      if (isListed(membership)) return wait(`not deleted while a load balancer lists it: ${membershipText(membership)}`, 1);
      return { kind: 'DeleteServer', server: server.server, why: `server ${server.server.providerID} serves nothing any more` };
    }
    case 'Duplicate': return wait('a second server with this UID is removed first', 1);
  }
};

/** A run that goes on against a server that is gone still holds the deploy lock, and ends by its time limit at the latest. */
export const RELEASED: Work = (_host, { operation }) =>
  (operation.kind === 'Running' ? wait('no server is left: let go when the work that was begun on it has ended', 2) : { kind: 'Release', why: 'no server is left' });

const wait = (why: string, afterSeconds: number): HostStep & { kind: 'Wait' } => ({ kind: 'Wait', why, afterSeconds });
