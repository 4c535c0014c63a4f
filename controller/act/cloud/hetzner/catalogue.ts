import { ClassifiedError, isClass } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';
import type { CloudAPI } from '../rest/http.ts';
import { createLookups } from '../rest/lookups.ts';
import { listOf, numberOf, recordIn, textOf } from '../rest/wire.ts';

/** What a placement names, and where the API keeps it. */
export type Resource = 'network' | 'firewall' | 'placementGroup' | 'sshKey';

const PLACES: Record<Resource, { path: string; key: string; one: string; field: string }> = {
  network: { path: '/networks', key: 'networks', one: 'network', field: 'hetzner.networks' },
  firewall: { path: '/firewalls', key: 'firewalls', one: 'firewall', field: 'hetzner.firewalls' },
  placementGroup: { path: '/placement_groups', key: 'placement_groups', one: 'placement group', field: 'hetzner.placementGroup' },
  sshKey: { path: '/ssh_keys', key: 'ssh_keys', one: 'SSH key', field: 'hetzner.sshKeys' },
};

export interface ServerType {
  name: string;
  architecture: string;
  /** Names of locations that have it at all, whether or not just now. */
  locations: string[];
}

/** What the project and the vendor have, by name; remembered for a while, so that ten hosts do not ask ten times. */
export interface Catalogue {
  /** Throws Invalid for what the project does not have. */
  idOf(resource: Resource, nameOrID: string): Promise<number>;
  serverType(name: string): Promise<ServerType>;
  /** CPU architectures of the images of this name or id. */
  imageArchitectures(nameOrID: string): Promise<string[]>;
  /** `eu-central` and its like; undefined for a location that nobody knows. */
  zoneOf(location: string): Promise<string | undefined>;
  /** Zones in which a network has subnets. */
  networkZones(nameOrID: string): Promise<string[]>;
  /** Asks anew next time: what was remembered led to a refusal. */
  forget(): void;
}

export function createCatalogue(http: CloudAPI, clock: Clock): Catalogue {
  const { once, forget } = createLookups(clock);

  const records = (resource: Resource, nameOrID: string): Promise<Record<string, unknown>> => once(`${resource} ${nameOrID}`, async () => {
    const { path, key, one, field } = PLACES[resource];
    const all = await http.list(path, key, isID(nameOrID) ? {} : { name: nameOrID });
    const found = all.find((record) => (isID(nameOrID) && String(numberOf(record, 'id')) === nameOrID) || record['name'] === nameOrID);
    if (found === undefined) throw new ClassifiedError('Invalid', `the project has no ${one} ${JSON.stringify(nameOrID)}`, { mend: `create it, or write the name or id of one that is there in ${field}` });
    return found;
  });

  return {
    idOf: async (resource, nameOrID) => numberOf(await records(resource, nameOrID), 'id'),
    networkZones: async (nameOrID) => listOf(await records('network', nameOrID), 'subnets').map((subnet) => textOf(subnet, 'network_zone')),
    serverType: (name) => once(`serverType ${name}`, async () => {
      const [found] = await http.list('/server_types', 'server_types', { name });
      if (found === undefined) throw new ClassifiedError('Invalid', `Hetzner has no server type ${JSON.stringify(name)}`, { mend: 'write one that `hcloud server-type list` shows in hetzner.serverType' });
      return { name, architecture: textOf(found, 'architecture'), locations: listOf(found, 'locations').map((location) => textOf(location, 'name')) };
    }),
    imageArchitectures: (nameOrID) => once(`image ${nameOrID}`, async () => {
      const images = isID(nameOrID) ? await imageByID(http, nameOrID) : await http.list('/images', 'images', { name: nameOrID, status: 'available' });
      if (images.length === 0) throw new ClassifiedError('Invalid', `the project has no image ${JSON.stringify(nameOrID)}`, { mend: 'write the name or id of one that `hcloud image list` shows in hetzner.image' });
      return images.map((image) => textOf(image, 'architecture'));
    }),
    zoneOf: (location) => once(`location ${location}`, async () => {
      const [found] = await http.list('/locations', 'locations', { name: location });
      return found === undefined ? undefined : textOf(found, 'network_zone');
    }),
    forget,
  };
}

const isID = (text: string): boolean => /^\d{1,16}$/.test(text);

async function imageByID(http: CloudAPI, id: string): Promise<Record<string, unknown>[]> {
  try {
    return [recordIn(await http.get(`/images/${id}`), 'image')];
  } catch (error) {
    if (isClass(error, 'NotFound')) return [];
    throw error;
  }
}
