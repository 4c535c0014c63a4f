/** One server of the simulated project: what was ordered, and what has become of it by now. */
import { toTimestamp } from '../../../controller/model/index.ts';
import { LOCATIONS, type SimImage, type SimServerType } from './catalogue.ts';
import { type Available, type SimAction, imageBody, locationBody, serverTypeBody } from './bodies.ts';

export interface SimServer {
  id: number;
  name: string;
  labels: Record<string, string>;
  type: SimServerType;
  location: string;
  image: SimImage;
  userData: string;
  createdAt: number;
  networks: { id: number; ip: string | undefined; attached: SimAction }[];
  firewalls: number[];
  placementGroup: number | undefined;
  publicIPv4: string | undefined;
  publicIPv6: string | undefined;
  protected: boolean;
  /** Its delete was answered, and takes its time. */
  leaving: boolean;
  listedFrom: number;
  power: 'On' | 'Off';
  created: SimAction;
  started: SimAction | undefined;
}

export type ServerStatus = 'initializing' | 'starting' | 'running' | 'off' | 'deleting';

const ended = ({ endsAt, error }: SimAction, now: number): boolean => now >= endsAt && error === undefined;

export function statusOf({ created, started, power, leaving }: SimServer, now: number): ServerStatus {
  if (leaving) return 'deleting';
  if (!ended(created, now)) return 'initializing';
  if (power === 'Off' || started === undefined) return 'off';
  return ended(started, now) ? 'running' : 'starting';
}

export function serverBody(server: SimServer, now: number, available: Available, group: object | undefined): object {
  const { id, name, labels, type, location, image, createdAt, networks, firewalls, publicIPv4, publicIPv6 } = server;
  const place = LOCATIONS.find((candidate) => candidate.name === location);
  if (place === undefined) throw new Error(`no location ${location}`);
  return {
    id, name, status: statusOf(server, now), created: toTimestamp(createdAt),
    public_net: {
      ipv4: publicIPv4 === undefined ? null : { id: 100_000 + id, ip: publicIPv4, blocked: false, dns_ptr: `static.${publicIPv4}.example.com` },
      ipv6: publicIPv6 === undefined ? null : { id: 200_000 + id, ip: publicIPv6, blocked: false, dns_ptr: [] },
      floating_ips: [], firewalls: firewalls.map((firewall) => ({ id: firewall, status: 'applied' })),
    },
    private_net: networks.filter(({ ip, attached }) => ip !== undefined && ended(attached, now)).map((network) =>
      ({ network: network.id, ip: network.ip, alias_ips: [], mac_address: `86:00:00:00:${hex(id >> 8)}:${hex(id)}` })),
    server_type: serverTypeBody(type, available), location: locationBody(place), image: imageBody(image), iso: null, rescue_enabled: false,
    locked: !ended(server.created, now), backup_window: null, outgoing_traffic: 0, ingoing_traffic: 0, included_traffic: 0,
    protection: { delete: server.protected, rebuild: server.protected }, labels, volumes: [], load_balancers: [], primary_disk_size: type.disk,
    placement_group: group ?? null,
  };
}

const hex = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');

