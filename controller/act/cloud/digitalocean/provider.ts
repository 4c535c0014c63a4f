import { ClassifiedError, type Server, type ServerOwner, isClass, seconds } from '../../../model/index.ts';
import type { CloudProvider, CreateRequest } from '../../../ports/index.ts';
import { type Action, createActionFollower } from '../rest/actions.ts';
import { openCloudAPI } from '../rest/http.ts';
import { checkOwner, noted, ownerIn, sameOwner } from '../rest/marking.ts';
import type { APIOptions } from '../rest/settings.ts';
import { isRecord, listOf, numberOf, recordIn, textOf, textsOf } from '../rest/wire.ts';
import { createCatalogue } from './catalogue.ts';
import { createdAt, idOf, serverIn } from './droplets.ts';
import { orderOf, problemIn, wantedOf } from './placements.ts';
import { createDropletTags, createTagging } from './tagging.ts';
import { markingIn, ofHost, ofInstallation, tagsOf } from './tags.ts';
import { DIGITALOCEAN } from './vendor.ts';

/** Tags are written after a Droplet is made, and lists know it by them. */
const SETTLE_SECONDS = 60;
/** As long as tags may be late a Droplet without any may be ours; later a person has to say. */
const UNTAGGED_SECONDS = 600;
/** 5,000 requests an hour and 250 a minute are for everything with this token; boots and deletes are looked at closer in any case. */
const LIST_MAX_AGE_SECONDS = 10;
/** Waits before each look for a Droplet whose order was not answered. */
const LOOK_AFTER_SECONDS = [0, 2, 4];
/** One call an action: at most 100 of the 250 calls a minute. */
const SECONDS_AN_ACTION = 0.6;

export interface DigitalOceanOptions extends APIOptions {
  /** What cloud-init gets, whole: at most 64 KiB. */
  userData: (request: CreateRequest) => string | Promise<string>;
}

/** `close` ends what runs in the background. */
export type DigitalOceanProvider = CloudProvider & { close(): void };

/** Droplets of DigitalOcean. */
export function createDigitalOceanProvider(options: DigitalOceanOptions): DigitalOceanProvider {
  const { clock, userData } = options;
  const http = openCloudAPI(DIGITALOCEAN, options);
  const catalogue = createCatalogue(http, clock);
  const setTags = createTagging(createDropletTags(http));
  const follower = createActionFollower({
    ask: async ([id]) => http.get(`/v2/actions/${id}`).then((answer) => [actionOf(recordIn(answer, 'action'))], (error: unknown) => {
      if (isClass(error, 'NotFound')) return [];
      throw error;
    }), idsACall: 1, roundSeconds: (actions) => actions * SECONDS_AN_ACTION,
  }, clock);

  function withTrouble(record: Record<string, unknown>): Server | undefined {
    const server = serverIn(record);
    const trouble = follower.troubleOf(numberOf(record, 'id'));
    return server === undefined || trouble === undefined ? server : { ...server, trouble };
  }

  const tagged = async (tag: string): Promise<Server[]> => (await http.list('/v2/droplets', 'droplets', { tag_name: tag })).flatMap((record) => withTrouble(record) ?? []);
  const find = async (owner: ServerOwner): Promise<Server[]> => (await tagged(ofHost(owner))).filter((server) => sameOwner(server.owner, owner));

  /**
   * The Droplet of this host that an earlier order made. Names are not unique and tags come late, so it is looked for by
   * both; of several the oldest is taken, and lists show the others. Throws OutcomeUnknown for a Droplet of this name
   * that says nothing of itself: it may be the one, and nobody may take it for theirs.
   */
  async function ordered({ name, owner }: CreateRequest): Promise<Server | undefined> {
    const [byTag, byName] = await Promise.all([find(owner), http.list('/v2/droplets', 'droplets', { name })]);
    const named = byName.filter((record) => record['name'] === name);
    const ours = [...byTag, ...named.flatMap((record) => withTrouble(record) ?? []).filter((server) => sameOwner(server.owner, owner))];
    const [first] = ours.toSorted((one, other) => (idOf(one.providerID) ?? 0) - (idOf(other.providerID) ?? 0));
    if (first !== undefined) return first;
    const untold = named.find((record) => ownerIn(markingIn(textsOf(record, 'tags'))) === undefined);
    if (untold === undefined) return undefined;
    const what = `a Droplet ${name} (${numberOf(untold, 'id')}) is there whose tags do not say whose it is`;
    if (isYoung(untold)) throw new ClassifiedError('OutcomeUnknown', `${what} yet: it may come from an earlier order`);
    throw new ClassifiedError('AlreadyExists', what, { mend: 'rename or delete it' });
  }

  const isYoung = (record: Record<string, unknown>): boolean => clock.now() - createdAt(record) < seconds(UNTAGGED_SECONDS);

  /** After a lost answer the Droplet may be there, and its tags may not be there yet. */
  async function afterSilence(request: CreateRequest, error: unknown): Promise<Server> {
    if (!isClass(error, 'OutcomeUnknown')) throw error;
    for (const wait of LOOK_AFTER_SECONDS) {
      await clock.sleep(seconds(wait));
      const found = await ordered(request).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw error;
  }

  async function order(request: CreateRequest): Promise<Server> {
    const body = await orderOf(request, catalogue, await userData(request));
    try {
      const answer = await http.create('/v2/droplets', body);
      const { server, id } = made(request, answer);
      follower.follow(createActionsIn(answer), { server: id, owner: request.owner });
      return server;
    } catch (error) {
      // What is remembered of the account may be what is wrong with the order.
      if (isClass(error, 'Invalid')) catalogue.forget();
      if (isClass(error, 'Quota')) throw await withLimit(error);
      return afterSilence(request, error);
    }
  }

  async function withLimit(error: ClassifiedError): Promise<ClassifiedError> {
    const limit = await catalogue.dropletLimit().catch(() => undefined);
    return limit === undefined || error.mend === undefined ? error : new ClassifiedError('Quota', `${error.message}; droplet_limit ${limit}`, { mend: error.mend });
  }

  /** The Droplet whose owner was read just now; undefined when there is none. */
  async function owned(server: Server): Promise<{ id: number; tags: string[] } | undefined> {
    const id = idOf(server.providerID);
    if (id === undefined) throw new ClassifiedError('Invalid', `${server.providerID} is no id of a Droplet`);
    const record = await http.get(`/v2/droplets/${id}`).then((answer) => recordIn(answer, 'droplet'), (error: unknown) => {
      if (isClass(error, 'NotFound')) return undefined;
      throw error;
    });
    if (record === undefined) return undefined;
    const tags = textsOf(record, 'tags');
    const owner = ownerIn(markingIn(tags));
    if (owner === undefined && isYoung(record)) throw new ClassifiedError('Transient', `the tags of Droplet ${server.name} (${server.providerID}) are not there yet, so nobody can tell whose it is`);
    checkOwner(server, owner);
    return { id, tags };
  }

  return {
    name: 'DigitalOcean',
    billing: 'Second',
    settleSeconds: SETTLE_SECONDS,
    listMaxAgeSeconds: LIST_MAX_AGE_SECONDS,
    async list(installation) {
      const asOf = clock.now();
      const servers = await tagged(ofInstallation(installation));
      return { provider: 'DigitalOcean', asOf, servers: servers.filter(({ owner }) => owner.installation === installation) };
    },
    find,
    create: async (request) => await ordered(request) ?? order(request),
    async delete(server) {
      const found = await owned(server);
      if (found === undefined) return;
      // By id alone: a delete by tag would take everything that anybody ever gave the tag.
      await http.change('DELETE', `/v2/droplets/${found.id}`).catch((error: unknown) => {
        if (!isClass(error, 'NotFound')) throw error;
      });
      follower.forget(found.id);
      follower.tell(server.owner);
    },
    price: async (placement) => (await catalogue.size(wantedOf(placement).size)).price,
    problemOf: (placement) => problemIn(placement, catalogue),
    async mark(server, serving, hostKey) {
      const found = await owned(server);
      if (found === undefined) return;
      const note = noted(markingIn(found.tags), serving, hostKey);
      if (note !== undefined) await setTags(found.id, found.tags, note);
    },
    watch: (listener) => follower.onEnd(listener),
    close: () => follower.close(),
  };
}

/** The Droplet in the answer to a create call; its tags are those of the order, whether or not they are written yet. */
function made(request: CreateRequest, answer: Record<string, unknown>): { server: Server; id: number } {
  try {
    const record = recordIn(answer, 'droplet');
    const server = serverIn({ ...record, tags: tagsOf(request) });
    if (server !== undefined && server.name === request.name) return { server, id: numberOf(record, 'id') };
  } catch {
    // Told below, as what it means for the order.
  }
  throw new ClassifiedError('OutcomeUnknown', `DigitalOcean took the order of ${request.name}, but its answer is not understood`);
}

const createActionsIn = (answer: Record<string, unknown>): Action[] =>
  (isRecord(answer['links']) ? listOf(answer['links'], 'actions') : []).filter(({ id }) => typeof id === 'number').map((link) => ({ id: numberOf(link, 'id'), status: 'Running' }));

/** DigitalOcean does not say why an action failed. */
function actionOf(record: Record<string, unknown>): Action {
  const [id, status] = [numberOf(record, 'id'), textOf(record, 'status')];
  if (status === 'errored') return { id, status: { class: 'Transient', message: `DigitalOcean's ${textOf(record, 'type')} (action ${id}) ended in an error` } };
  return { id, status: status === 'completed' ? 'Success' : 'Running' };
}
