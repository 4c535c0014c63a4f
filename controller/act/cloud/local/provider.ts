import { ClassifiedError, type ErrorClass, type Server, type ServerOwner } from '../../../model/index.ts';
import type { Clock, CloudProvider, CreateRequest } from '../../../ports/index.ts';
import type { HostOrder, HostRecord, ProcessTable } from './process-table.ts';

/** What goes wrong with one create, as it does at clouds. */
export type CreateFault =
  /** Nothing is made. */
  | { kind: 'Refused'; class: ErrorClass }
  /** The server is made, but the caller never hears of it. */
  | { kind: 'ReplyLost' }
  /** The server is made and paid for, but never answers. */
  | { kind: 'NeverBoots' };

export interface LocalProviderOptions {
  table: ProcessTable;
  clock: Clock;
  /** A new random identity. */
  newID: () => string;
  /** How long a new server is missing from lists, as at clouds whose lists lag. */
  listLagSeconds?: number;
  /** Greatest number of servers of the account, whoever owns them; more are refused with `Quota`. */
  maxServers?: number;
  /** Asked once a create. */
  createFault?: (request: CreateRequest) => CreateFault | undefined;
}

const address = '127.0.0.1';
const defaultBootMilliseconds = 3000;

/** Servers that are processes of this machine: for the demo and for tests. */
export function createLocalProvider(options: LocalProviderOptions): CloudProvider {
  const { table, clock, newID, listLagSeconds = 0, maxServers = Infinity, createFault } = options;
  const beingMade = new Set<string>();

  const visible = (record: HostRecord): boolean => clock.now() - record.createdAt >= listLagSeconds * 1000;

  async function servers(installation: string): Promise<Server[]> {
    return localServers((await table.list()).filter(visible), installation);
  }

  async function checkCeiling(id: string): Promise<void> {
    // Creates run in parallel: the ones that came earlier count, listed or not.
    beingMade.add(id);
    const earlier = [...beingMade];
    const ids = new Set([...(await table.list()).map((record) => record.id).filter((listed) => !beingMade.has(listed)), ...earlier]);
    if (ids.size > maxServers) {
      throw new ClassifiedError('Quota', `the local provider may hold ${maxServers} servers and has that many`, { mend: 'raise its ceiling, or release servers' });
    }
  }

  return {
    name: 'Local',
    billing: 'Second',
    settleSeconds: listLagSeconds,
    async list(installation) {
      const asOf = clock.now();
      return { provider: 'Local', asOf, servers: await servers(installation) };
    },
    async find(owner) {
      return (await servers(owner.installation)).filter((server) => server.owner.hostID === owner.hostID);
    },
    async create(request) {
      const fault = createFault?.(request);
      if (fault?.kind === 'Refused') throw new ClassifiedError(fault.class, `the local provider refuses ${request.name}: ${fault.class}`);
      const order = orderOf(request, `local-${newID()}`, clock.now(), fault);
      try {
        await checkCeiling(order.id);
        const record = await table.start(order);
        if (fault?.kind === 'ReplyLost') throw new ClassifiedError('OutcomeUnknown', `the answer to the create of ${request.name} was lost`);
        return serverOf(record, request.owner);
      } finally {
        beingMade.delete(order.id);
      }
    },
    async delete(server) {
      const record = (await table.list()).find(({ id }) => id === server.providerID);
      if (record === undefined) return;
      if (record.owner?.hostID !== server.owner.hostID || record.owner.installation !== server.owner.installation) {
        throw new ClassifiedError('Conflict', `server ${record.name} (${record.id}) belongs to host ${record.owner?.hostID ?? 'nobody'}, not to ${server.owner.hostID}`);
      }
      await table.stop(record.id);
    },
    watch: (listener) => table.watch(({ owner }) => {
      if (owner !== undefined) listener(owner);
    }),
  };
}

/** The servers of one installation. */
export const localServers = (records: readonly HostRecord[], installation: string): Server[] =>
  records.flatMap((record) => (record.owner?.installation === installation ? [serverOf(record, record.owner)] : []));

const orderOf = (request: CreateRequest, id: string, createdAt: number, fault: CreateFault | undefined): HostOrder => ({
  id, createdAt, name: request.name, placement: request.placement.name, owner: request.owner,
  bootMilliseconds: fault?.kind === 'NeverBoots' ? 'Never' : request.placement.local?.bootMilliseconds ?? defaultBootMilliseconds,
});

const serverOf = (record: HostRecord, owner: ServerOwner): Server => ({
  provider: 'Local', placement: record.placement, providerID: record.id, name: record.name, owner, state: record.state, createdAt: record.createdAt,
  // Where a cloud tells the address early, a process knows its ports only once it has bound them.
  ...(record.ports === undefined ? {} : { address, ports: record.ports }),
});
