/** Resources as the API writes them. */
import { toTimestamp } from '../../../controller/model/index.ts';
import { IMAGES, IPV4_PRICE, LOCATIONS, SERVER_TYPES, type ProjectParts, type SimImage, type SimLocation, type SimNetwork, type SimServerType } from './catalogue.ts';

const CREATED = '2026-01-01T00:00:00Z';
const VAT = 1.19;

/** Whether a location has a server type at this moment. */
export type Available = (type: string, location: string) => boolean;

const amount = (net: string): object => ({ net, gross: (Number(net) * VAT).toFixed(4) });

const pricesIn = (locations: readonly string[], { hourly, monthly }: { hourly: string; monthly: string }): object[] =>
  locations.map((location) => ({ location, price_hourly: amount(hourly), price_monthly: amount(monthly) }));

const pricesOf = (type: SimServerType): object[] => pricesIn(type.locations, type).map((prices) => ({ ...prices, included_traffic: 0, price_per_tb_traffic: amount('1.0000') }));

export const locationBody = ({ id, name, country, city, zone }: SimLocation): object =>
  ({ id, name, description: `${city} DC Park 1`, country, city, latitude: 50.5, longitude: 12.4, network_zone: zone });

export function serverTypeBody(type: SimServerType, available: Available): object {
  const { id, name, cores, memory, disk, architecture, cpu, locations } = type;
  return {
    id, name, description: name.toUpperCase(), cores, memory, disk, deprecated: false, prices: pricesOf(type),
    storage_type: 'local', cpu_type: cpu, category: cpu, architecture, deprecation: null,
    locations: LOCATIONS.filter((location) => locations.includes(location.name)).map((location) => ({
      id: location.id, name: location.name, deprecation: null, recommended: true, available: available(name, location.name),
    })),
  };
}

export const imageBody = ({ id, name, type, architecture, description }: SimImage): object => ({
  id, name, type, status: 'available', description, image_size: type === 'snapshot' ? 2.3 : null, disk_size: 5, created: CREATED,
  created_from: null, bound_to: null, os_flavor: 'ubuntu', os_version: '24.04', rapid_deploy: type === 'system', protection: { delete: false },
  deprecated: null, deleted: null, labels: {}, architecture,
});

export const networkBody = ({ id, name, range, zones }: SimNetwork, servers: readonly number[]): object => ({
  id, name, ip_range: range, subnets: zones.map((zone) => ({ type: 'cloud', ip_range: range, network_zone: zone, gateway: range.replace(/\.\d+\/\d+$/, '.1') })),
  routes: [], servers, load_balancers: [], protection: { delete: false }, labels: {}, created: CREATED, expose_routes_to_vswitch: false,
});

export const firewallBody = ({ id, name }: ProjectParts['firewalls'][number], servers: readonly number[]): object =>
  ({ id, name, labels: {}, created: CREATED, rules: [], applied_to: servers.map((server) => ({ type: 'server', server: { id: server } })) });

export const placementGroupBody = ({ id, name }: ProjectParts['placementGroups'][number], servers: readonly number[]): object =>
  ({ id, name, labels: {}, type: 'spread', created: CREATED, servers });

export const sshKeyBody = ({ id, name, publicKey }: ProjectParts['sshKeys'][number]): object =>
  ({ id, name, fingerprint: 'b7:2f:30:a0:2f:6c:58:6c:21:04:58:61:ba:06:3b:2f', public_key: publicKey, labels: {}, created: CREATED });

export const pricingBody = (currency: string, types: readonly SimServerType[] = SERVER_TYPES): object => {
  const everywhere = LOCATIONS.map(({ name }) => name);
  const free = { hourly: '0.0000', monthly: '0.0000' };
  return {
    currency, vat_rate: '19.00',
    primary_ips: [{ type: 'ipv4', prices: pricesIn(everywhere, IPV4_PRICE) }, { type: 'ipv6', prices: pricesIn(everywhere, free) }],
    // One for each kind of primary IP: the vendor's client takes it that there are as many.
    floating_ips: ['ipv4', 'ipv6'].map((type) => ({ type, prices: everywhere.map((location) => ({ location, price_monthly: amount('3.0000') })) })),
    floating_ip: { price_monthly: amount('3.0000') },
    image: { price_per_gb_month: amount('0.0110') }, volume: { price_per_gb_month: amount('0.0440') }, server_backup: { percentage: '20.0000' },
    server_types: types.map((type) => ({ id: type.id, name: type.name, prices: pricesOf(type) })),
    load_balancer_types: [{ id: 1, name: 'lb11', prices: pricesIn(everywhere, { hourly: '0.0088', monthly: '5.3900' }).map((prices) => ({ ...prices, included_traffic: 0, price_per_tb_traffic: amount('1.0000') })) }],
  };
};

export interface SimAction {
  id: number;
  command: string;
  /** Of what it is about; a server, unless `on` says otherwise. */
  server: number;
  on?: 'load_balancer';
  startedAt: number;
  /** Infinity: it never ends. */
  endsAt: number;
  error?: { code: string; message: string };
}

export function actionBody({ id, command, server, on = 'server', startedAt, endsAt, error }: Omit<SimAction, 'on'> & { on?: 'server' | 'load_balancer' }, now: number): object {
  const over = now >= endsAt;
  return {
    id, command, status: !over ? 'running' : error === undefined ? 'success' : 'error', started: toTimestamp(startedAt), finished: over ? toTimestamp(endsAt) : null,
    progress: over ? 100 : Math.min(99, Math.floor((now - startedAt) / Math.max(1, Math.min(endsAt - startedAt, 3_600_000)) * 100)),
    resources: [{ id: server, type: on }], error: over && error !== undefined ? error : null,
  };
}

export const typeNamed = (nameOrID: string): SimServerType | undefined => SERVER_TYPES.find(({ id, name }) => name === nameOrID || String(id) === nameOrID);

/** Of two images of one name the one for the server's CPU. */
export const imageNamed = (nameOrID: string, architecture: 'x86' | 'arm'): SimImage | undefined =>
  IMAGES.find(({ id }) => String(id) === nameOrID) ?? IMAGES.find((image) => image.name === nameOrID && image.architecture === architecture) ?? IMAGES.find(({ name }) => name === nameOrID);
