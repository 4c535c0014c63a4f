import { ClassifiedError, type Instant, type Server, type ServerOwner, isClass } from '../../model/index.ts';
import type { Clock, CloudProvider, CreateRequest, Documents } from '../../ports/index.ts';
import { type Lease, type Leases, LEASES_DOCUMENT, loadLeases } from './static-leases.ts';

/** `Unreachable`: nobody can tell whether an app still runs there. */
export type Vacated = 'Vacant' | 'Unreachable';

export interface StaticProviderOptions {
  /** Keeps who has which machine. */
  documents: Documents;
  clock: Clock;
  /** Stops what may still run on a machine that is given back: nobody else would, for the machine itself goes on running. */
  vacate: (server: Server) => Promise<Vacated>;
}

type Machine = NonNullable<CreateRequest['placement']['static']>['machines'][number];

/** Each write is conditioned on the version read, so one that meets another is simply done again on what is there then. */
const attempts = 5;

/**
 * Spare machines that people own: taken when needed and given back, never deleted. A lease stands in a document, so that
 * two instances cannot take one machine twice; leases alone are listed, whatever became of the pool that named the machine.
 */
export function createStaticProvider({ documents, clock, vacate }: StaticProviderOptions): CloudProvider {
  async function servers(installation: string): Promise<Server[]> {
    const { leases } = (await loadLeases(documents)).value;
    return Object.entries(leases).filter(([, lease]) => lease.owner.installation === installation).map(serverOf);
  }

  /** Changes the leases as one step; `change` may be called again. */
  async function update<T>(change: (leases: Leases) => { leases: Leases; answer: T } | T & { unchanged: true }): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const { value, version } = await loadLeases(documents);
      const changed = change(value);
      if ('unchanged' in changed) return changed;
      try {
        await documents.save(LEASES_DOCUMENT, changed.leases, version);
        return changed.answer;
      } catch (error) {
        if (!isClass(error, 'Conflict') || attempt === attempts) throw error;
      }
    }
  }

  return {
    name: 'Static',
    billing: 'None',
    settleSeconds: 0,
    async list(installation) {
      const asOf = clock.now();
      return { provider: 'Static', asOf, servers: await servers(installation) };
    },
    async find(owner) {
      return (await servers(owner.installation)).filter((server) => sameOwner(server.owner, owner));
    },
    async create(request) {
      const { server } = await update((current) => take(current, request, clock.now()));
      return server;
    },
    async delete(server) {
      const lease = (await loadLeases(documents)).value.leases[server.providerID];
      if (lease === undefined) return;
      checkOwner(lease, server);
      const vacated = await vacate(serverOf([server.providerID, lease]));
      await update((current) => giveBack(current, server, vacated, clock.now()));
    },
  };
}

function take(current: Leases, { name, owner, placement }: CreateRequest, now: Instant): { leases: Leases; answer: { server: Server } } | { server: Server; unchanged: true } {
  const held = Object.entries(current.leases).find(([, lease]) => sameOwner(lease.owner, owner));
  // A lease is made once for a host: a repeated call finds the machine that it has.
  if (held !== undefined) return { server: serverOf(held), unchanged: true };
  const idOf = (machine: Machine): string => machineID(owner, placement.name, machine);
  const taken = new Set(Object.values(current.leases).map(({ address, ports }) => site(address, ports?.http)));
  const free = (placement.static?.machines ?? []).filter((machine) => current.leases[idOf(machine)] === undefined && !taken.has(site(machine.address, machine.ports?.http)));
  // Machines that could not be reached when they were given back come last, the one of longest ago first.
  const [machine] = free.toSorted((a, b) => (current.unreachable[idOf(a)] ?? 0) - (current.unreachable[idOf(b)] ?? 0));
  if (machine === undefined) {
    throw new ClassifiedError('Capacity', `placement ${placement.name} has no free machine among its ${placement.static?.machines.length ?? 0}`, { mend: 'add machines to static.machines, or another placement' });
  }
  const lease: Lease = { name, owner, placement: placement.name, address: machine.address, ...(machine.ports === undefined ? {} : { ports: machine.ports }), since: now };
  const providerID = idOf(machine);
  const { [providerID]: _forgiven, ...unreachable } = current.unreachable;
  return { leases: { leases: { ...current.leases, [providerID]: lease }, unreachable }, answer: { server: serverOf([providerID, lease]) } };
}

function giveBack(current: Leases, server: Server, vacated: Vacated, now: Instant): { leases: Leases; answer: object } | { unchanged: true } {
  const { [server.providerID]: lease, ...leases } = current.leases;
  if (lease === undefined) return { unchanged: true };
  checkOwner(lease, server);
  const unreachable = vacated === 'Unreachable' ? { ...current.unreachable, [server.providerID]: now } : current.unreachable;
  return { leases: { leases, unreachable }, answer: {} };
}

function checkOwner(lease: Lease, server: Server): void {
  if (sameOwner(lease.owner, server.owner)) return;
  throw new ClassifiedError('Conflict', `machine ${server.providerID} is taken by host ${lease.owner.hostID}, not by ${server.owner.hostID}`);
}

const sameOwner = (one: ServerOwner, other: ServerOwner): boolean => one.hostID === other.hostID && one.installation === other.installation;

const machineID = ({ pool }: ServerOwner, placement: string, machine: Machine): string => `${pool.namespace}/${pool.name}-${placement}/${machine.name}`;

/** Two pools may name one machine: what counts is where it is. */
const site = (address: string, http: number | undefined): string => `${address} ${http ?? 80}`;

/** A machine that people own always runs; whether it answers is the deployer's to say. */
const serverOf = ([providerID, { since, ...lease }]: [string, Lease]): Server => ({ ...lease, provider: 'Static', providerID, state: 'Running', createdAt: since });
