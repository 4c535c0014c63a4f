/** What people have before any controller comes: a site with a registry and images, hosts of their own, and a key to them. */
import { stringify } from 'yaml';
import { until } from '../real/until.ts';
import type { RealHost } from './host.ts';
import { pushApp, pushProxy } from './images.ts';
import { type KeyPair, makeKeyPair } from './keys.ts';
import { FRESH_IMAGE, type Rack, type RackOptions, startRack } from './rack.ts';
import { type Registry, startRegistry } from './registry.ts';
import { type Site, startSite } from './site.ts';

export interface OwnHost {
  host: RealHost;
  name: string;
  address: string;
  /** `type base64`. */
  hostKey: string;
  /** A line of known_hosts. */
  knownHost: string;
}

export interface Estate extends AsyncDisposable {
  site: Site;
  registry: Registry;
  rack: Rack;
  /** Opens every host of theirs. */
  key: KeyPair;
  /** Makes hosts of their own, up to the last one's engine. */
  ownHosts(names: readonly string[]): Promise<OwnHost[]>;
}

/** Hosts that serve must not wait for those that boot: in life they have processors of their own. */
export const SERVES_FIRST = -5;

/** Servers of the simulated cloud count upwards from 1. */
let nextOwn = -1_000;

export async function startEstate(options: RackOptions = {}): Promise<Estate> {
  const site = await startSite();
  try {
    const [registry, rack, key] = await Promise.all([startRegistry(site), startRack(site, options), makeKeyPair('person@laptop')]);
    await pushProxy(registry);
    return {
      site, registry, rack, key,
      ownHosts: (names) => Promise.all(names.map((name) => ownHost(rack, key, name))),
      [Symbol.asyncDispose]: () => site.stop(),
    };
  } catch (error) {
    await site.stop();
    throw error;
  }
}

/** Pushes versions of an application that behave well. */
export async function pushVersions(registry: Registry, service: string, image: string, versions: readonly string[], weightMegabytes = 0): Promise<void> {
  for (const version of versions) await pushApp(registry, { repository: image, version, service, weightMegabytes });
}

async function ownHost(rack: Rack, key: KeyPair, name: string): Promise<OwnHost> {
  const own = await makeKeyPair(name);
  nextOwn -= 1;
  const { privateAddress: address } = await rack.boot({
    id: nextOwn, name, image: FRESH_IMAGE, serverType: 'own', location: 'here', authorizedKeys: [key.publicKey], publicNet: 'None',
    userData: `#cloud-config\n${stringify({ ssh_keys: { ed25519_private: own.privateKey, ed25519_public: own.publicKey } })}`,
  }, SERVES_FIRST);
  const host = rack.host(address);
  await until(`the engine of ${name}`, async () => await host.run('docker', ['info']).then(() => true), { deadlineMs: 60_000 });
  const hostKey = own.publicKey.split(' ').slice(0, 2).join(' ');
  return { host, name, address, hostKey, knownHost: `${address} ${hostKey}` };
}
