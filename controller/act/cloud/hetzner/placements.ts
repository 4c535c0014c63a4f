import { ClassifiedError } from '../../../model/index.ts';
import type { CreateRequest, Placement } from '../../../ports/index.ts';
import { problemText } from '../rest/problem.ts';
import type { Catalogue } from './catalogue.ts';
import { labelsOf } from './labels.ts';

/** As the API bounds it. */
const LONGEST_USER_DATA = 32 * 1024;

type Wanted = NonNullable<Placement['hetzner']>;

export function wantedOf({ name, hetzner }: Placement): Wanted {
  if (hetzner === undefined) throw new ClassifiedError('Invalid', `placement ${name} does not say what to buy`, { mend: 'write hetzner.serverType, hetzner.location and hetzner.image' });
  return hetzner;
}

/** The body of a create call, with everything that it names looked up. Throws Invalid for what could not work. */
export async function orderOf(request: CreateRequest, catalogue: Catalogue, userData: string): Promise<object> {
  const { name, placement } = request;
  const wanted = wantedOf(placement);
  const size = Buffer.byteLength(userData);
  if (size > LONGEST_USER_DATA) throw new ClassifiedError('Invalid', `placement ${placement.name}: the user data has ${size} bytes, Hetzner takes ${LONGEST_USER_DATA}`, { mend: 'shorten hetzner.userData' });
  await checkMachine(wanted, catalogue);
  const ids = (resource: Parameters<Catalogue['idOf']>[0], names: readonly string[] = []): Promise<number[]> => Promise.all(names.map((one) => catalogue.idOf(resource, one)));
  const [networks, firewalls, groups, keys] = await Promise.all([
    ids('network', wanted.networks), ids('firewall', wanted.firewalls), ids('placementGroup', wanted.placementGroup === undefined ? [] : [wanted.placementGroup]), ids('sshKey', wanted.sshKeys),
  ]);
  const [group] = groups;
  return {
    name, server_type: wanted.serverType, location: wanted.location, image: wanted.image, start_after_create: true,
    labels: labelsOf(request, networks[0]), user_data: userData,
    public_net: { enable_ipv4: wanted.publicNetwork === 'Both' || wanted.publicNetwork === 'IPv4', enable_ipv6: wanted.publicNetwork === 'Both' || wanted.publicNetwork === 'IPv6' },
    ...(networks.length === 0 ? {} : { networks }),
    ...(firewalls.length === 0 ? {} : { firewalls: firewalls.map((firewall) => ({ firewall })) }),
    ...(group === undefined ? {} : { placement_group: group }),
    ...(keys.length === 0 ? {} : { ssh_keys: keys.map(String) }),
  };
}

/** What makes a placement unusable, as a person reads it; undefined where nothing is known against it. */
export const problemIn = (placement: Placement, catalogue: Catalogue): Promise<string | undefined> => problemText(async () => {
  const wanted = wantedOf(placement);
  await checkMachine(wanted, catalogue);
  await checkNetworks(wanted, catalogue);
  await Promise.all([
    ...(wanted.firewalls ?? []).map((name) => catalogue.idOf('firewall', name)), ...(wanted.sshKeys ?? []).map((name) => catalogue.idOf('sshKey', name)),
    ...(wanted.placementGroup === undefined ? [] : [catalogue.idOf('placementGroup', wanted.placementGroup)]),
  ]);
});

/** Arm and x86 images do not run on each other's servers, and not every type is sold everywhere. */
async function checkMachine({ serverType, location, image }: Wanted, catalogue: Catalogue): Promise<void> {
  const [type, architectures] = await Promise.all([catalogue.serverType(serverType), catalogue.imageArchitectures(image)]);
  if (!architectures.includes(type.architecture)) {
    throw new ClassifiedError('Invalid', `image ${image} is for ${[...new Set(architectures)].join(' and ')}, server type ${serverType} is ${type.architecture}`, { mend: `write a hetzner.image for ${type.architecture}, or another hetzner.serverType` });
  }
  if (!type.locations.includes(location)) {
    throw new ClassifiedError('Invalid', `server type ${serverType} is not sold in ${location}`, { mend: `write one of ${type.locations.join(', ')} in hetzner.location, or another hetzner.serverType` });
  }
}

/** A network reaches the locations of the zones in which it has a subnet. */
async function checkNetworks({ networks = [], location }: Wanted, catalogue: Catalogue): Promise<void> {
  const zone = await catalogue.zoneOf(location);
  for (const network of networks) {
    const zones = await catalogue.networkZones(network);
    if (zone !== undefined && !zones.includes(zone)) {
      throw new ClassifiedError('Invalid', `network ${network} has no subnet in ${zone}, where ${location} is`, { mend: `add one, or write a hetzner.location in ${[...new Set(zones)].join(', ') || 'a zone of the network'}` });
    }
  }
}
