import type { SERVER_LABELS } from '../../../api/index.ts';
import { type Addresses, ClassifiedError, type Server, type ServerOwner, type ServerPart } from '../../../model/index.ts';
import type { CreateRequest } from '../../../ports/index.ts';
import { hostKeyIn, hostKeyLabel } from '../host-key-label.ts';

/** What a server says of itself at its cloud, by the names of SERVER_LABELS; each cloud writes it in its own way. */
export type Marking = Partial<Record<keyof typeof SERVER_LABELS, string>>;

/** What is said of a new server: whose it is and what it serves. */
export function markingOf({ owner, placement, pool }: CreateRequest, network: string | undefined): Marking {
  const { service, role, destination } = pool.kamal;
  return {
    installation: owner.installation, namespace: owner.pool.namespace, pool: owner.pool.name, hostID: owner.hostID,
    placement: placement.name, service, role, ...(destination === undefined ? {} : { destination }),
    sshAddress: sshAddress(placement, pool.addresses),
    ...(pool.ssh.port === 22 ? {} : { sshPort: String(pool.ssh.port) }),
    ...(network === undefined ? {} : { network }),
  };
}

/** Which address SSH goes to; `Auto` as the controller resolves it for a server that has all of its addresses. */
function sshAddress({ hetzner, digitalocean }: CreateRequest['placement'], addresses: CreateRequest['pool']['addresses']): string {
  const which = addresses?.ssh ?? 'Auto';
  if (which !== 'Auto') return which;
  if (hetzner?.networks !== undefined || digitalocean?.vpc !== undefined) return 'Private';
  return hetzner?.publicNetwork === 'IPv6' ? 'PublicIPv6' : 'PublicIPv4';
}

/** Whose a server is; undefined where it does not say. */
export function ownerIn({ installation, namespace, pool, hostID }: Marking): ServerOwner | undefined {
  if (installation === undefined || namespace === undefined || pool === undefined || hostID === undefined) return undefined;
  return { installation, pool: { namespace, name: pool }, hostID };
}

/** What a server says of its part; undefined where it says nothing of it. */
export function partIn(said: Marking, addresses: Addresses): ServerPart | undefined {
  const { service, role, destination, serving, sshPort = '22' } = said;
  // What people deploy to is read from these: a port that is none must not become one.
  if (service === undefined || role === undefined || !isPort(Number(sshPort))) return undefined;
  const sshAddress = new Map(Object.entries({ Private: addresses.private, PublicIPv4: addresses.publicIPv4, PublicIPv6: addresses.publicIPv6 })).get(String(said.sshAddress));
  const hostKey = hostKeyIn(said.hostKey);
  return {
    service, role, ...(destination === undefined ? {} : { destination }), serving: serving === 'true' ? 'Serving' : 'NotServing',
    ...(sshAddress === undefined ? {} : { sshAddress }), sshPort: Number(sshPort), ...(hostKey === undefined ? {} : { hostKey }),
  };
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

/** What a note changes of what a server says; undefined where it says so already. */
export function noted(said: Marking, serving: ServerPart['serving'], hostKey: string | undefined): Marking | undefined {
  const key = hostKey === undefined ? undefined : hostKeyLabel(hostKey);
  const wanted: Marking = { serving: String(serving === 'Serving'), ...(key === undefined ? {} : { hostKey: key }) };
  return wanted.serving === said.serving && (key === undefined || key === said.hostKey) ? undefined : wanted;
}

export const sameOwner = (one: ServerOwner, other: ServerOwner): boolean => one.hostID === other.hostID && one.installation === other.installation;

/** Throws Conflict where a server is not whose it was thought to be. */
export function checkOwner(server: Server, owner: ServerOwner | undefined): void {
  if (owner !== undefined && sameOwner(owner, server.owner)) return;
  throw new ClassifiedError('Conflict', `server ${server.name} (${server.providerID}) belongs to ${owner === undefined ? 'nobody here' : `host ${owner.hostID} of ${owner.installation}`}, not to ${server.owner.hostID} of ${server.owner.installation}`);
}

/** The cloud's own id in a provider id, `hetzner:42`; undefined for an id of another form. */
export function idIn(providerID: string, prefix: string): number | undefined {
  const [before, digits = ''] = providerID.split(':');
  return before === prefix && /^\d{1,15}$/.test(digits) && providerID === `${prefix}:${digits}` ? Number(digits) : undefined;
}
