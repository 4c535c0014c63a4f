/** Real hosts as a cloud sells them: by an order, under the lowest free address, gone without a trace when destroyed. */
import type { BackedServer, ServerAddresses, ServerBacking } from './backing.ts';
import { RealHost } from './host.ts';
import { type MachineParts, locateMachineParts } from './machine-parts.ts';
import { prepareDockerData } from './prepared-image.ts';
import type { Registry } from './registry.ts';
import type { Site } from './site.ts';
import { SLOTS } from './subnet.ts';
import { type HostKeys, carryOut } from './user-data.ts';

/** The image that a server has when nobody prepared one: an engine that holds nothing. */
export const FRESH_IMAGE = 'docker-ce';

export interface Rack extends ServerBacking {
  /** `niceness` is that of everything on the machine, 0 when absent. */
  boot(server: BackedServer, niceness?: number): Promise<ServerAddresses>;
  /** By the cloud's id, name or any of its addresses. Throws where there is none. */
  host(idNameOrAddress: number | string): RealHost;
  hosts(): RealHost[];
  /** Makes a server image of this name, on which these container images are already there. */
  prepareImage(name: string, registry: Registry, containerImages: readonly string[]): Promise<void>;
  /** Whose cloud-init makes host keys of its own and leaves those of the order alone, as an image does on which somebody turned `ssh_keys` off. */
  keepOwnHostKeys(image: string): void;
}

export interface RackOptions {
  /** Seconds that cloud-init takes beyond its work; 0 when absent. */
  cloudInitSeconds?: number;
}

interface Place {
  host: RealHost;
  slot: number;
  addresses: ServerAddresses;
}

/** The hosts end with the site. */
export async function startRack(site: Site, options: RackOptions = {}): Promise<Rack> {
  const parts = await locateMachineParts();
  const places = new Map<number, Place>();
  /** Folder inside the site with what is in /var/lib/docker. */
  const prepared = new Map<string, string>();
  const taken = new Set<number>();
  const withOwnHostKeys = new Set<string>();
  site.whenStopped(async () => { await Promise.all([...places.keys()].map(destroy)); });

  async function boot(server: BackedServer, niceness = 0): Promise<ServerAddresses> {
    if (places.has(server.id)) throw new Error(`server ${server.id} is there already`);
    const dockerData = prepared.get(server.image);
    if (server.image !== FRESH_IMAGE && dockerData === undefined) throw new Error(`no server image ${server.image}; there are ${[FRESH_IMAGE, ...prepared.keys()].join(', ')}`);
    const slot = SLOTS.find((candidate) => !taken.has(candidate));
    if (slot === undefined) throw new Error(`all ${SLOTS.length} addresses are taken`);
    taken.add(slot);
    try {
      const addresses: ServerAddresses = { privateAddress: site.subnet.privateAddress(slot), ...(server.publicNet === 'IPv4' && { publicIPv4: site.subnet.publicAddress(slot) }) };
      const host = await makeHost(site, parts, { server, addresses, niceness, dockerData, hostKeys: withOwnHostKeys.has(server.image) ? 'Own' : 'Ordered' }, options);
      places.set(server.id, { host, slot, addresses });
      await host.powerOn();
      return addresses;
    } catch (error) {
      await destroy(server.id);
      taken.delete(slot);
      throw error;
    }
  }

  async function destroy(id: number): Promise<void> {
    const place = places.get(id);
    if (place === undefined) return;
    places.delete(id);
    await place.host.destroy();
    taken.delete(place.slot);
  }

  const place = (id: number): Place => {
    const found = places.get(id);
    if (found === undefined) throw new Error(`no server ${id}`);
    return found;
  };
  const matches = (wanted: number | string) => ([id, { host, addresses }]: [number, Place]): boolean =>
    id === wanted || host.name === wanted || addresses.privateAddress === wanted || addresses.publicIPv4 === wanted;

  return {
    boot, destroy,
    powerOff: async (id) => { await place(id).host.powerOff(); },
    powerOn: async (id) => { await place(id).host.powerOn(); },
    reboot: async (id) => { await place(id).host.reboot(); },
    hosts: () => [...places.values()].map(({ host }) => host),
    host(wanted) {
      const found = [...places].find(matches(wanted));
      if (found === undefined) throw new Error(`no server ${wanted}; there are ${[...places.values()].map(({ host }) => host.name).join(', ')}`);
      return found[1].host;
    },
    keepOwnHostKeys: (image) => void withOwnHostKeys.add(image),
    async prepareImage(name, registry, containerImages) {
      const id = -1 - prepared.size;
      await boot({ id, name: `maker-of-${name}`, userData: '', image: FRESH_IMAGE, serverType: '', location: '', authorizedKeys: [], publicNet: 'None' });
      const { host } = place(id);
      prepared.set(name, await prepareDockerData(site, host, name, registry, containerImages));
      await destroy(id);
    },
  };
}

interface Made {
  server: BackedServer;
  addresses: ServerAddresses;
  niceness: number;
  dockerData: string | undefined;
  hostKeys: HostKeys;
}

async function makeHost(site: Site, parts: MachineParts, { server, addresses, niceness, dockerData, hostKeys }: Made, { cloudInitSeconds = 0 }: RackOptions): Promise<RealHost> {
  return await RealHost.make(site, parts, {
    id: server.id, name: server.name, addresses: Object.values(addresses), cloudInitSeconds, niceness,
    userData: server.userData, carried: carryOut(server.userData, server.authorizedKeys, hostKeys),
    ...(dockerData !== undefined && { dockerData }),
  });
}
