import { type Addresses, type Server, type ServerState, fromTimestamp } from '../../../model/index.ts';
import { idIn, ownerIn, partIn } from '../rest/marking.ts';
import { addressOf, idOf as wholeID, listOf, recordIn, textOf, textsOf } from '../rest/wire.ts';
import { markingIn } from './tags.ts';

/** All of them are paid for, those without power too. */
const STATES: ReadonlyMap<string, ServerState> = new Map(Object.entries({ new: 'Starting', active: 'Running', off: 'Off', archive: 'Off' } as const));

const PREFIX = 'digitalocean';

/** A Droplet as the API describes it; undefined where its tags do not say whose it is. */
export function serverIn(record: Record<string, unknown>): Server | undefined {
  const said = markingIn(textsOf(record, 'tags'));
  const owner = ownerIn(said);
  if (owner === undefined) return undefined;
  const addresses = addressesIn(record);
  const part = partIn(said, addresses);
  return {
    provider: 'DigitalOcean', owner, placement: said.placement ?? '',
    providerID: `${PREFIX}:${wholeID(record)}`, name: textOf(record, 'name'),
    // A word that nobody has seen says nothing against a Droplet that may serve.
    state: STATES.get(textOf(record, 'status')) ?? 'Running',
    addresses, ...(part === undefined ? {} : { part }),
    createdAt: createdAt(record),
  };
}

export const createdAt = (record: Record<string, unknown>): number => fromTimestamp(textOf(record, 'created_at')) ?? 0;

/** The API's own id; undefined for an id of another form. */
export const idOf = (providerID: string): number | undefined => idIn(providerID, PREFIX);

/** Every address at which a Droplet may be known, the one that load balancers use first. */
export function allAddressesIn(record: Record<string, unknown>): string[] {
  const { private: own, publicIPv4, publicIPv6 } = addressesIn(record);
  return [own, publicIPv4, publicIPv6].filter((address) => address !== undefined);
}

/** A Droplet is in one private network, and has at most one address of each kind that counts here. */
function addressesIn(record: Record<string, unknown>): Addresses {
  const networks = recordIn(record, 'networks');
  const address = (version: 'v4' | 'v6', type: string): string | undefined => {
    const found = listOf(networks, version).find((network) => network['type'] === type)?.['ip_address'];
    return typeof found === 'string' && found !== '' ? addressOf(found) : undefined;
  };
  const [own, publicIPv4, publicIPv6] = [address('v4', 'private'), address('v4', 'public'), address('v6', 'public')];
  return { ...(own === undefined ? {} : { private: own }), ...(publicIPv4 === undefined ? {} : { publicIPv4 }), ...(publicIPv6 === undefined ? {} : { publicIPv6 }) };
}
