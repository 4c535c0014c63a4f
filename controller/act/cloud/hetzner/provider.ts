import { ClassifiedError, type Server, isClass, oneAtATime } from '../../../model/index.ts';
import type { CloudProvider, CreateRequest } from '../../../ports/index.ts';
import { createActionFollower } from '../rest/actions.ts';
import { openCloudAPI } from '../rest/http.ts';
import { checkOwner, noted, ownerIn, sameOwner } from '../rest/marking.ts';
import { isRecord, listIn, numberOf, recordIn } from '../rest/wire.ts';
import { createCatalogue } from './catalogue.ts';
import { labelsFor, markingIn, ofHost, ofInstallation } from './labels.ts';
import { orderOf, problemIn } from './placements.ts';
import { createPricing } from './pricing.ts';
import { idOf, serverIn } from './servers.ts';
import type { HetznerOptions } from './settings.ts';
import { HETZNER } from './vendor.ts';
import { actionOf, actionsIn } from './wire.ts';

/** The API lists a server at once; this much is for requests that are still on their way when a call is given up. */
const SETTLE_SECONDS = 10;
/** 3,600 requests an hour are for everything in the project; boots and deletes are looked at closer in any case. */
const LIST_MAX_AGE_SECONDS = 10;
const IDS_A_CALL = 25;

/** `close` ends what runs in the background. */
export type HetznerProvider = CloudProvider & { close(): void };

/** Servers of Hetzner Cloud. */
export function createHetznerProvider(options: HetznerOptions): HetznerProvider {
  const { clock, userData, labelsInTurn = oneAtATime() } = options;
  const http = openCloudAPI(HETZNER, options);
  const catalogue = createCatalogue(http, clock);
  const follower = createActionFollower({
    ask: async (ids) => listIn(await http.get('/actions', { id: ids }), 'actions', '/actions').map(actionOf), idsACall: IDS_A_CALL, roundSeconds: () => 0,
  }, clock);
  const price = createPricing(http, clock);

  function withTrouble(record: Record<string, unknown>): Server | undefined {
    const server = serverIn(record);
    const trouble = follower.troubleOf(numberOf(record, 'id'));
    return server === undefined || trouble === undefined ? server : { ...server, trouble };
  }

  const listed = async (labelSelector: string): Promise<Server[]> =>
    (await http.list('/servers', 'servers', { label_selector: labelSelector, sort: 'id:asc' })).flatMap((record) => withTrouble(record) ?? []);

  /** A server of this name; names are unique in a project. */
  async function named(name: string): Promise<Server | 'NotOurs' | undefined> {
    const [record] = await http.list('/servers', 'servers', { name });
    return record === undefined ? undefined : withTrouble(record) ?? 'NotOurs';
  }

  async function order(request: CreateRequest): Promise<Record<string, unknown>> {
    const body = await orderOf(request, catalogue, await userData(request));
    try {
      return await http.create('/servers', body);
    } catch (error) {
      // What is remembered of the project may be what is wrong with the order.
      if (isClass(error, 'Invalid')) catalogue.forget();
      throw error;
    }
  }

  /** After a lost answer the server may be there. It is ours only if its labels say so; else nothing is known better than before. */
  async function afterFailure(request: CreateRequest, error: unknown): Promise<Server> {
    if (!isClass(error, 'AlreadyExists', 'OutcomeUnknown')) throw error;
    const found = await named(request.name).catch(() => undefined);
    if (typeof found === 'object' && sameOwner(found.owner, request.owner)) return found;
    if (error.class === 'OutcomeUnknown') throw error;
    throw new ClassifiedError('AlreadyExists', `the project has a server ${request.name} that is not of this host${typeof found === 'object' ? ` but of ${found.owner.hostID} in installation ${found.owner.installation}` : ''}`, { mend: 'rename or delete it' });
  }

  /** The record of a server whose owner was read just now; undefined when there is none. */
  async function owned(server: Server): Promise<Record<string, unknown> | undefined> {
    const id = idOf(server.providerID);
    if (id === undefined) throw new ClassifiedError('Invalid', `${server.providerID} is no id of a Hetzner server`);
    const record = await http.get(`/servers/${id}`).then((answer) => recordIn(answer, 'server'), (error: unknown) => {
      if (isClass(error, 'NotFound')) return undefined;
      throw error;
    });
    if (record === undefined) return undefined;
    checkOwner(server, ownerIn(markingIn(recordIn(record, 'labels'))));
    return record;
  }

  return {
    name: 'Hetzner',
    billing: 'Hour',
    settleSeconds: SETTLE_SECONDS,
    listMaxAgeSeconds: LIST_MAX_AGE_SECONDS,
    async list(installation) {
      const asOf = clock.now();
      return { provider: 'Hetzner', asOf, servers: await listed(ofInstallation(installation)) };
    },
    find: (owner) => listed(ofHost(owner)),
    async create(request) {
      try {
        const answer = await order(request);
        const { server, id } = made(request, answer);
        follower.follow(actionsIn(answer), { server: id, owner: request.owner });
        return server;
      } catch (error) {
        return afterFailure(request, error);
      }
    },
    async delete(server) {
      const record = await owned(server);
      if (record === undefined) return;
      const id = numberOf(record, 'id');
      if (isRecord(record['protection']) && record['protection']['delete'] === true) {
        throw new ClassifiedError('Forbidden', `server ${server.name} (${server.providerID}) is protected against deletion at Hetzner, and paid for`, { mend: `remove the protection: hcloud server disable-protection ${server.name} delete` });
      }
      const answer = await http.change('DELETE', `/servers/${id}`).catch((error: unknown) => {
        if (isClass(error, 'NotFound')) return {};
        throw error;
      });
      follower.forget(id);
      follower.follow(actionsIn(answer), { server: id, owner: server.owner });
    },
    price,
    problemOf: (placement) => problemIn(placement, catalogue),
    mark: (server, serving, hostKey) => labelsInTurn(String(idOf(server.providerID)), async () => {
      const record = await owned(server);
      if (record === undefined) return;
      // An update replaces all labels: those that others added stay.
      const labels = recordIn(record, 'labels');
      const note = noted(markingIn(labels), serving, hostKey);
      if (note !== undefined) await http.change('PUT', `/servers/${numberOf(record, 'id')}`, { labels: { ...labels, ...labelsFor(note) } });
    }),
    watch: (listener) => follower.onEnd(listener),
    close: () => follower.close(),
  };
}

/** The server in the answer to a create call. An answer that is not understood says nothing about what was made. */
function made({ name }: CreateRequest, answer: Record<string, unknown>): { server: Server; id: number } {
  try {
    const record = recordIn(answer, 'server');
    const server = serverIn(record);
    if (server !== undefined) return { server, id: numberOf(record, 'id') };
  } catch {
    // Told below, as what it means for the order.
  }
  throw new ClassifiedError('OutcomeUnknown', `Hetzner took the order of ${name}, but its answer is not understood`);
}
