/** The simulated project: its servers, what ordering and deleting does to them, and the limits of the account. */
import type { Clock } from '../../../controller/ports/index.ts';
import type { ServerBacking } from '../real-hosts/backing.ts';
import { type Balancers, createBalancers } from './balancers.ts';
import { type SimAction, imageNamed, placementGroupBody, typeNamed } from './bodies.ts';
import { LOCATIONS, type ProjectParts, type SimImage, usualProject } from './catalogue.ts';
import type { Fault } from '../cloud-sim/faults.ts';
import { Refused } from '../cloud-sim/serve.ts';
import { type SimServer, serverBody, statusOf } from './server-record.ts';

export interface ProjectOptions {
  clock: Clock;
  /** Real machines behind the servers; without them servers are records. */
  backing?: ServerBacking;
  /** What the project has beside servers. */
  parts?: ProjectParts;
  /** Further images and snapshots. */
  images?: readonly SimImage[];
  /** Servers that the account may have; more are refused with resource_limit_exceeded. */
  maxServers?: number;
  /** Until a new server is `starting`, then until it runs, and until a private network is attached after its creation. */
  createMilliseconds?: number;
  startMilliseconds?: number;
  attachMilliseconds?: number;
  /** A new server is missing from lists for so long. */
  listLagMilliseconds?: number;
}

/** A create call, as far as it matters here. */
export interface Order {
  name: string;
  server_type: string | number;
  image: string | number;
  location?: string;
  start_after_create?: boolean;
  placement_group?: number;
  ssh_keys?: (string | number)[];
  networks?: number[];
  firewalls?: { firewall: number }[];
  user_data?: string;
  labels?: Record<string, string>;
  public_net?: { enable_ipv4?: boolean; enable_ipv6?: boolean };
}

export interface Project {
  readonly parts: ProjectParts;
  readonly images: readonly SimImage[];
  readonly servers: ReadonlyMap<number, SimServer>;
  readonly actions: ReadonlyMap<number, SimAction>;
  readonly balancers: Balancers;
  /** Servers that lists show by now. */
  listed(): SimServer[];
  body(server: SimServer): object;
  create(order: Order, fault: Fault | undefined): { server: SimServer; action: SimAction; nextActions: SimAction[]; rootPassword: string | null };
  update(id: number, change: { name?: string; labels?: Record<string, string> }): SimServer;
  remove(id: number, fault: Fault | undefined): SimAction;
  power(id: number, command: 'start_server' | 'stop_server' | 'shutdown_server' | 'reboot_server'): SimAction;
  available(type: string, location: string): boolean;
  /** How many more of a type a location has; Infinity lifts the limit. */
  setCapacity(type: string, location: string, left: number): void;
  setMaxServers(count: number): void;
  /** Resolves when the backing has done all that it was asked for. */
  settled(): Promise<void>;
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;
const LONGEST_USER_DATA = 32 * 1024;
const SPREAD_GROUP = 10;

export function createProject(options: ProjectOptions): Project {
  const { clock, backing, parts = usualProject(), createMilliseconds = 2000, startMilliseconds = 2000, attachMilliseconds = 500, listLagMilliseconds = 0 } = options;
  const images = [...(options.images ?? [])];
  const servers = new Map<number, SimServer>();
  const actions = new Map<number, SimAction>();
  const capacity = new Map<string, number>();
  const background = new Set<Promise<void>>();
  let maxServers = options.maxServers ?? Infinity;
  let lastServer = 4_200_000;
  let lastAction = 100_000_000;

  const now = (): number => clock.now();
  const refuse = (status: number, code: string, message: string): never => {
    throw new Refused(status, code, message);
  };
  const need = (id: number): SimServer => servers.get(id) ?? refuse(404, 'not_found', `server with ID '${id}' not found`);
  const left = (type: string, location: string): number => capacity.get(`${type} ${location}`) ?? Infinity;
  const members = (group: number): number[] => [...servers.values()].filter(({ placementGroup }) => placementGroup === group).map(({ id }) => id);

  function begin(command: string, server: number, milliseconds: number, error?: SimAction['error']): SimAction {
    const action: SimAction = { id: lastAction += 1, command, server, startedAt: now(), endsAt: now() + milliseconds, ...(error === undefined ? {} : { error }) };
    actions.set(action.id, action);
    return action;
  }

  const balancers = createBalancers({
    clock, servers, refuse,
    begin: (command, balancer, milliseconds) => Object.assign(begin(command, balancer, milliseconds), { on: 'load_balancer' }),
  });

  function inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => background.delete(tracked));
    background.add(tracked);
  }

  /** Lowest free number from `first` on: addresses of deleted servers are given again, as in life. */
  function freeNumber(first: number, taken: (number: number) => boolean): number {
    let number = first;
    while (taken(number)) number += 1;
    return number;
  }
  const dotted = (prefix: string, number: number): string => `${prefix}.${number >> 8}.${number & 255}`;
  const publicAddress = (): string => dotted('198.18', freeNumber(1, (number) => [...servers.values()].some(({ publicIPv4 }) => publicIPv4 === dotted('198.18', number))));
  function privateAddress(network: number): string {
    const prefix = (parts.networks.find(({ id }) => id === network)?.range ?? '10.0.0.0/16').split('.').slice(0, 2).join('.');
    return dotted(prefix, freeNumber(2, (number) => [...servers.values()].some(({ networks }) => networks.some(({ ip }) => ip === dotted(prefix, number)))));
  }

  function checked(order: Order): Pick<SimServer, 'type' | 'image' | 'location'> & { keys: string[] } {
    const { name, user_data: userData = '' } = order;
    const type = typeNamed(String(order.server_type)) ?? refuse(422, 'invalid_input', 'invalid input in field \'server_type\'');
    const image = images.find((candidate) => candidate.name === order.image || String(candidate.id) === String(order.image)) ?? imageNamed(String(order.image), type.architecture) ?? refuse(404, 'not_found', 'image not found');
    const place = LOCATIONS.find(({ id, name: location }) => location === order.location || String(id) === String(order.location)) ?? (order.location === undefined ? LOCATIONS[0] : undefined);
    if (place === undefined) return refuse(422, 'invalid_input', 'invalid input in field \'location\'');
    if (!NAME.test(name)) refuse(422, 'invalid_input', 'invalid input in field \'name\'');
    if (Buffer.byteLength(userData) > LONGEST_USER_DATA) refuse(422, 'invalid_input', 'invalid input in field \'user_data\': too long');
    if (image.architecture !== type.architecture) refuse(422, 'invalid_input', 'image and server type have different architectures');
    const keys = (order.ssh_keys ?? []).map((key) => parts.sshKeys.find((candidate) => candidate.name === key || String(candidate.id) === String(key))?.publicKey ?? refuse(404, 'not_found', `SSH key '${key}' not found`));
    for (const network of order.networks ?? []) {
      const found = parts.networks.find(({ id }) => id === network) ?? refuse(404, 'not_found', `network with ID '${network}' not found`);
      if (!found.zones.includes(place.zone)) refuse(422, 'invalid_input', 'network is not in the network zone of the location');
    }
    for (const { firewall } of order.firewalls ?? []) if (!parts.firewalls.some(({ id }) => id === firewall)) refuse(404, 'not_found', `firewall with ID '${firewall}' not found`);
    const { placement_group: group } = order;
    if (group !== undefined && !parts.placementGroups.some(({ id }) => id === group)) refuse(404, 'not_found', `placement group with ID '${group}' not found`);
    if ([...servers.values()].some((server) => server.name === name)) refuse(409, 'uniqueness_error', 'server name is already used');
    if (servers.size >= maxServers) refuse(403, 'resource_limit_exceeded', 'server limit exceeded');
    if (!type.locations.includes(place.name) || left(type.name, place.name) <= 0) refuse(412, 'resource_unavailable', 'error during placement');
    if (group !== undefined && members(group).length >= SPREAD_GROUP) refuse(422, 'placement_error', 'an error during the placement occurred');
    return { type, image, location: place.name, keys };
  }

  /** Switches on the machine behind a server; what the API shows ends when it has power. */
  async function boot(server: SimServer, keys: readonly string[], pending: readonly SimAction[], milliseconds: readonly number[]): Promise<void> {
    const asked = now();
    try {
      const { id, name, userData, image, type, location } = server;
      const addresses = await backing?.boot({
        id, name, userData, image: image.name ?? String(image.id), serverType: type.name, location, authorizedKeys: keys,
        publicNet: server.publicIPv4 === undefined ? 'None' : 'IPv4',
      });
      const [first] = server.networks;
      if (first !== undefined) first.ip = addresses?.privateAddress;
      if (server.publicIPv4 !== undefined) server.publicIPv4 = addresses?.publicIPv4;
      pending.forEach((action, index) => { action.endsAt = Math.max(now(), asked + (milliseconds[index] ?? 0)); });
    } catch (error) {
      server.created.endsAt = now();
      server.created.error = { code: 'server_error', message: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    parts, images, servers, actions, balancers,
    listed: () => [...servers.values()].filter(({ listedFrom }) => now() >= listedFrom),
    body(server) {
      const group = parts.placementGroups.find(({ id }) => id === server.placementGroup);
      return serverBody(server, now(), (type, location) => left(type, location) > 0, group === undefined ? undefined : placementGroupBody(group, members(group.id)));
    },
    create(order, fault) {
      const { keys, ...made } = checked(order);
      const id = lastServer += 1;
      const never = fault?.kind === 'ActionNeverEnds' || (backing !== undefined && fault?.kind !== 'NeverBoots' && fault?.kind !== 'ActionFails');
      const created = begin('create_server', id, never ? Infinity : createMilliseconds, fault?.kind === 'ActionFails' ? { code: fault.code, message: fault.message } : undefined);
      const starts = order.start_after_create !== false;
      const started = starts ? begin('start_server', id, never ? Infinity : createMilliseconds + startMilliseconds) : undefined;
      const networks = (order.networks ?? []).map((network) => ({ id: network, ip: privateAddress(network), attached: begin('attach_to_network', id, never ? Infinity : createMilliseconds + attachMilliseconds) }));
      const server: SimServer = {
        id, ...made, name: order.name, labels: order.labels ?? {}, userData: order.user_data ?? '', createdAt: now(), networks,
        firewalls: (order.firewalls ?? []).map(({ firewall }) => firewall), placementGroup: order.placement_group,
        listedFrom: now() + (fault?.kind === 'ListedLate' ? fault.milliseconds : listLagMilliseconds),
        publicIPv4: order.public_net?.enable_ipv4 === false ? undefined : publicAddress(),
        publicIPv6: order.public_net?.enable_ipv6 === false ? undefined : `2001:db8:${(id & 0xffff).toString(16)}:1::/64`,
        protected: false, leaving: false, power: starts ? 'On' : 'Off', created, started,
      };
      servers.set(id, server);
      capacity.set(`${made.type.name} ${made.location}`, left(made.type.name, made.location) - 1);
      const nextActions = [...(started === undefined ? [] : [started]), ...networks.map(({ attached }) => attached)];
      if (backing !== undefined && never && fault?.kind !== 'ActionNeverEnds') {
        inBackground(boot(server, keys, [created, ...nextActions], [createMilliseconds, createMilliseconds + startMilliseconds]));
      }
      return { server, action: created, nextActions, rootPassword: keys.length > 0 ? null : 'YItygq1v3GYjjMomLaKc' };
    },
    update(id, change) {
      const server = need(id);
      if (change.name !== undefined && [...servers.values()].some((other) => other !== server && other.name === change.name)) refuse(409, 'uniqueness_error', 'server name is already used');
      server.name = change.name ?? server.name;
      server.labels = change.labels ?? server.labels;
      return server;
    },
    remove(id, fault) {
      const server = need(id);
      if (server.protected) refuse(423, 'protected', 'server deletion is protected');
      if (fault?.kind === 'DeleteLingers') {
        server.leaving = true;
        void clock.sleep(fault.milliseconds).then(() => servers.delete(id));
      } else if (fault?.kind !== 'DeleteForgotten') {
        servers.delete(id);
        capacity.set(`${server.type.name} ${server.location}`, left(server.type.name, server.location) + 1);
        if (backing !== undefined) inBackground(backing.destroy(id));
      }
      return begin('delete_server', id, 1000);
    },
    power(id, command) {
      const server = need(id);
      if (statusOf(server, now()) === 'initializing') refuse(423, 'locked', 'server is locked');
      server.power = command === 'stop_server' || command === 'shutdown_server' ? 'Off' : 'On';
      const action = begin(command, id, 500);
      if (server.power === 'On') server.started ??= action;
      if (backing !== undefined) inBackground(command === 'start_server' ? backing.powerOn(id) : command === 'reboot_server' ? backing.reboot(id) : backing.powerOff(id));
      return action;
    },
    available: (type, location) => left(type, location) > 0,
    setCapacity: (type, location, count) => void capacity.set(`${type} ${location}`, count),
    setMaxServers(count) {
      maxServers = count;
    },
    async settled() {
      while (background.size > 0) await Promise.allSettled(background);
    },
  };
}
