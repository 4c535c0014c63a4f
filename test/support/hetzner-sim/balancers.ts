/** Load balancers of the simulated project: what adding and removing targets does, by and by. */
import type { Clock } from '../../../controller/ports/index.ts';
import type { SimAction } from './bodies.ts';
import { LOCATIONS } from './catalogue.ts';
import { locationBody } from './bodies.ts';
import { selectorOf } from './label-selector.ts';
import type { SimServer } from './server-record.ts';

export type SimTarget =
  | { type: 'server'; server: { id: number }; use_private_ip?: boolean }
  | { type: 'label_selector'; label_selector: { selector: string }; use_private_ip?: boolean }
  | { type: 'ip'; ip: { ip: string } };

export type SimHealth = 'healthy' | 'unhealthy' | 'unknown';

export interface SimBalancer {
  id: number;
  name: string;
  services: { listen_port: number; destination_port: number }[];
  /** Each counts from when its action has ended. */
  targets: { target: SimTarget; from: number; until: number }[];
  /** While a change is carried out no other is taken. */
  lockedUntil: number;
}

/** Where a target answers, and how it is. */
export interface SimPlace {
  address: string;
  health: SimHealth;
  server?: SimServer;
}

export interface Balancers {
  readonly all: ReadonlyMap<number, SimBalancer>;
  /** One that is there already, as a person made it. */
  make(name: string, destinationPort: number, targets?: readonly SimTarget[]): SimBalancer;
  /** A person deletes it. */
  remove(id: number): void;
  body(balancer: SimBalancer): object;
  addTarget(id: number, target: SimTarget): SimAction;
  removeTarget(id: number, target: SimTarget): SimAction;
  /** Where requests go now; label selectors are resolved. */
  places(balancer: SimBalancer): SimPlace[];
  /** What the health check says of an address; `healthy` where nobody said otherwise. */
  health: Map<string, SimHealth>;
  /** Dedicated servers of the same customer: the only addresses that may be targets by themselves. */
  dedicated: Set<string>;
}

export interface BalancersParts {
  clock: Clock;
  servers: ReadonlyMap<number, SimServer>;
  begin(command: string, balancer: number, milliseconds: number): SimAction;
  refuse(status: number, code: string, message: string): never;
}

const ACTION_MILLISECONDS = 400;

export function createBalancers({ clock, servers, begin, refuse }: BalancersParts): Balancers {
  const all = new Map<number, SimBalancer>();
  const health = new Map<string, SimHealth>();
  const dedicated = new Set<string>();
  const need = (id: number): SimBalancer => all.get(id) ?? refuse(404, 'not_found', `load balancer with ID '${id}' not found`);

  /** A server that was deleted is no target any more. */
  const current = ({ targets }: SimBalancer): SimTarget[] => targets.filter(({ from, until, target }) => from <= clock.now() && clock.now() < until && (target.type !== 'server' || servers.has(target.server.id))).map(({ target }) => target);

  const addressOf = (server: SimServer, isPrivate: boolean | undefined): string => (isPrivate === true ? server.networks[0]?.ip : server.publicIPv4) ?? '';

  function placesOf(target: SimTarget): SimPlace[] {
    const at = (server: SimServer, isPrivate: boolean | undefined): SimPlace => {
      const address = addressOf(server, isPrivate);
      return { address, server, health: health.get(address) ?? 'healthy' };
    };
    switch (target.type) {
      case 'ip': return [{ address: target.ip.ip, health: health.get(target.ip.ip) ?? 'healthy' }];
      case 'server': return [servers.get(target.server.id)].flatMap((server) => (server === undefined ? [] : [at(server, target.use_private_ip)]));
      case 'label_selector': {
        const selects = selectorOf(target.label_selector.selector) ?? (() => false);
        return [...servers.values()].filter(({ labels }) => selects(labels)).map((server) => at(server, target.use_private_ip));
      }
    }
  }

  function targetBody({ services }: SimBalancer, target: SimTarget): object {
    const status = (state: SimHealth): object[] => services.map(({ listen_port }) => ({ listen_port, status: state }));
    const asServer = ({ address, health: state, server }: SimPlace, isPrivate: boolean | undefined): object =>
      ({ type: 'server', server: { id: server?.id ?? 0, ip: address }, health_status: status(state), use_private_ip: isPrivate === true });
    const [first] = placesOf(target);
    switch (target.type) {
      case 'ip': return { type: 'ip', ip: target.ip, health_status: status(first?.health ?? 'unknown') };
      case 'server': return asServer(first ?? { address: '', health: 'unknown' }, target.use_private_ip);
      case 'label_selector': return { type: 'label_selector', label_selector: target.label_selector, use_private_ip: target.use_private_ip === true, targets: placesOf(target).map((place) => asServer(place, target.use_private_ip)) };
    }
  }

  /** The lock is what a client meets that does not wait for its actions. */
  function change(id: number, command: string): { balancer: SimBalancer; action: SimAction } {
    const balancer = need(id);
    if (clock.now() < balancer.lockedUntil) refuse(423, 'locked', 'load balancer is locked');
    balancer.lockedUntil = clock.now() + ACTION_MILLISECONDS;
    return { balancer, action: begin(command, id, ACTION_MILLISECONDS) };
  }

  return {
    all, health, dedicated,
    make(name, destinationPort, targets = []) {
      const balancer: SimBalancer = { id: 7_000 + all.size, name, services: [{ listen_port: 443, destination_port: destinationPort }], targets: targets.map((target) => ({ target, from: clock.now(), until: Infinity })), lockedUntil: 0 };
      all.set(balancer.id, balancer);
      return balancer;
    },
    remove: (id) => void all.delete(id),
    body: (balancer) => ({
      id: balancer.id, name: balancer.name, labels: {}, created: '2026-01-01T00:00:00Z', protection: { delete: false }, location: locationBody(LOCATIONS[0]!),
      public_net: { enabled: true, ipv4: { ip: '203.0.113.7', dns_ptr: null }, ipv6: { ip: null, dns_ptr: null } }, private_net: [],
      load_balancer_type: { id: 1, name: 'lb11', description: 'LB11', max_connections: 20_000, max_services: 5, max_targets: 25, max_assigned_certificates: 10, deprecated: null, deprecation: null, prices: [] },
      services: balancer.services.map((service) => ({
        protocol: 'http', ...service, proxyprotocol: false, http: { cookie_name: 'HCLBSTICKY', cookie_lifetime: 300, timeout_idle: 60, sticky_sessions: false },
        health_check: { protocol: 'http', port: service.destination_port, interval: 3, timeout: 2, retries: 1, http: { domain: null, path: '/up', status_codes: ['2??'] } },
      })),
      targets: current(balancer).map((target) => targetBody(balancer, target)),
      algorithm: { type: 'round_robin' }, outgoing_traffic: null, ingoing_traffic: null, included_traffic: 0,
    }),
    addTarget(id, target) {
      const known = current(need(id)).some((one) => sameTarget(one, target));
      if (known) refuse(422, 'target_already_defined', 'target already defined');
      if (target.type === 'server' && !servers.has(target.server.id)) refuse(404, 'not_found', `server with ID '${target.server.id}' not found`);
      if (target.type === 'ip' && !dedicated.has(target.ip.ip)) refuse(422, 'ip_not_owned', 'the IP is not owned by the project owner');
      const { balancer, action } = change(id, 'add_target');
      balancer.targets.push({ target, from: action.endsAt, until: Infinity });
      return action;
    },
    removeTarget(id, target) {
      const entry = need(id).targets.find((one) => one.until > clock.now() && sameTarget(one.target, target)) ?? refuse(404, 'not_found', 'target not found');
      const { action } = change(id, 'remove_target');
      entry.until = action.endsAt;
      return action;
    },
    places: (balancer) => current(balancer).flatMap(placesOf),
  };
}

function sameTarget(one: SimTarget, other: SimTarget): boolean {
  switch (one.type) {
    case 'server': return other.type === 'server' && one.server.id === other.server.id;
    case 'ip': return other.type === 'ip' && one.ip.ip === other.ip.ip;
    case 'label_selector': return other.type === 'label_selector' && one.label_selector.selector === other.label_selector.selector;
  }
}
