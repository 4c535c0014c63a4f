import { type Addresses, type Server, type ServerState, fromTimestamp } from '../../../model/index.ts';
import { idIn, ownerIn, partIn } from '../rest/marking.ts';
import { addressOf, idOf as wholeID, isRecord, listOf, recordIn, textOf } from '../rest/wire.ts';
import { markingIn } from './labels.ts';

/** All of them are paid for. A server that is being stopped, moved or rebuilt has power until it is `off`. */
const STATES: ReadonlyMap<string, ServerState> = new Map(Object.entries({
  initializing: 'Starting', starting: 'Starting', running: 'Running', stopping: 'Running', migrating: 'Running', rebuilding: 'Running',
  unknown: 'Running', off: 'Off', deleting: 'Leaving',
} as const));

/** A server as the API describes it; undefined where its labels do not say whose it is. */
export function serverIn(record: Record<string, unknown>): Server | undefined {
  const said = markingIn(recordIn(record, 'labels'));
  const owner = ownerIn(said);
  if (owner === undefined) return undefined;
  const addresses = addressesIn(record, said.network);
  const part = partIn(said, addresses);
  return {
    provider: 'Hetzner', owner, placement: said.placement ?? '',
    providerID: providerIDOf(wholeID(record)), name: textOf(record, 'name'),
    // A word that nobody has seen says nothing against a server that may serve.
    state: STATES.get(textOf(record, 'status')) ?? 'Running',
    addresses, ...(part === undefined ? {} : { part }),
    createdAt: fromTimestamp(textOf(record, 'created')) ?? 0,
  };
}

const PREFIX = 'hetzner';

export const providerIDOf = (id: number): string => `${PREFIX}:${id}`;

/** The API's own id; undefined for an id of another form. */
export const idOf = (providerID: string): number | undefined => idIn(providerID, PREFIX);

/** The API lists private networks in an order of its own; the label says which one was the first in the order. */
function addressesIn(record: Record<string, unknown>, network: string | undefined): Addresses {
  const publicNet = recordIn(record, 'public_net');
  const { ipv4, ipv6 } = publicNet;
  const privateNets = listOf(record, 'private_net');
  const privateIP = (network === undefined ? privateNets[0] : privateNets.find((net) => JSON.stringify(net['network']) === network))?.['ip'];
  return {
    ...(typeof privateIP === 'string' && privateIP !== '' ? { private: addressOf(privateIP) } : {}),
    ...(isRecord(ipv4) && typeof ipv4['ip'] === 'string' ? { publicIPv4: addressOf(ipv4['ip']) } : {}),
    ...(isRecord(ipv6) && typeof ipv6['ip'] === 'string' ? { publicIPv6: addressOf(hostIn(ipv6['ip'])) } : {}),
  };
}

/** Every address at which a server may be known, private ones first. */
export function allAddressesIn(record: Record<string, unknown>): { private: string[]; public: string[] } {
  const { publicIPv4, publicIPv6 } = addressesIn(record, undefined);
  return {
    private: listOf(record, 'private_net').flatMap(({ ip }) => (typeof ip === 'string' && ip !== '' ? [addressOf(ip)] : [])),
    public: [publicIPv4, publicIPv6].filter((address) => address !== undefined),
  };
}

/** A server gets a network of its own, `2001:db8:1:2::/64`; it answers at the first address in it. */
function hostIn(network: string): string {
  const address = network.replace(/\/\d+$/, '');
  return address.endsWith('::') ? `${address}1` : address;
}
