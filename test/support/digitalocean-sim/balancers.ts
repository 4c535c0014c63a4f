/** Load balancers of the simulated account: what naming Droplets and tagging them does, by and by. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../controller/ports/index.ts';
import { Refused } from '../cloud-sim/serve.ts';
import type { Account, SimDroplet } from './account.ts';
import { regionBody } from './bodies.ts';
import { REGIONS } from './catalogue.ts';

export interface SimHealthCheck {
  protocol: 'http' | 'https' | 'tcp';
  port: number;
  path: string;
  check_interval_seconds: number;
  response_timeout_seconds: number;
  healthy_threshold: number;
  unhealthy_threshold: number;
}

export interface SimBalancer {
  id: string;
  name: string;
  /** Undefined: its Droplets are named one by one. */
  tag: string | undefined;
  named: Set<number>;
  targetPort: number;
  check: SimHealthCheck;
  /** Until then a change is carried out, and no other is taken. */
  busyUntil: number;
  broken: boolean;
  /** What requests are sent to now, as of the last change that has ended. */
  inEffect: number[];
}

export interface Balancers {
  readonly all: ReadonlyMap<string, SimBalancer>;
  /** One that is there already, as a person made it. */
  make(name: string, targetPort: number, more?: { tag?: string; droplets?: readonly number[]; check?: Partial<SimHealthCheck> }): SimBalancer;
  body(balancer: SimBalancer): object;
  change(id: string, droplets: readonly number[], change: 'Add' | 'Remove'): void;
  /** Where requests are sent now. */
  places(balancer: SimBalancer): SimDroplet[];
  /** A person deletes it. */
  remove(id: string): void;
}

export interface BalancersParts {
  account: Account;
  clock: Clock;
  /** How long a change takes. */
  changeMilliseconds: number;
  /** How long a load balancer takes to see that a Droplet has its tag, or has it no more. */
  tagMilliseconds: number;
}

export function createBalancers({ account, clock, changeMilliseconds, tagMilliseconds }: BalancersParts): Balancers {
  const all = new Map<string, SimBalancer>();
  const refuse = (status: number, code: string, message: string): never => {
    throw new Refused(status, code, message);
  };
  const need = (id: string): SimBalancer => all.get(id) ?? refuse(404, 'not_found', 'The resource you were accessing could not be found.');

  /** What it was told, whether or not that is in effect: a Droplet that is gone is not in it. */
  const listed = ({ tag, named }: SimBalancer): number[] => (tag === undefined ? [...named].filter((id) => account.droplets.has(id))
    : [...account.droplets.values()].filter((droplet) => account.taggedAt(droplet, tag, clock.now() - tagMilliseconds)).map(({ id }) => id));

  const statusOf = ({ busyUntil, broken }: SimBalancer): string => (broken ? 'errored' : clock.now() < busyUntil ? 'new' : 'active');

  return {
    all,
    make(name, targetPort, { tag, droplets = [], check } = {}) {
      const balancer: SimBalancer = {
        id: randomUUID(), name, tag, named: new Set(droplets), targetPort, busyUntil: 0, broken: false, inEffect: [...droplets],
        check: { protocol: 'http', port: targetPort, path: '/up', check_interval_seconds: 3, response_timeout_seconds: 3, healthy_threshold: 2, unhealthy_threshold: 3, ...check },
      };
      all.set(balancer.id, balancer);
      return balancer;
    },
    body: (balancer) => ({
      id: balancer.id, name: balancer.name, project_id: '9cc10173-e9ea-4176-9dbc-a4cee4c4ff30', ip: '203.0.113.9', ipv6: '', size_unit: 1, size: 'lb-small', algorithm: 'round_robin', type: 'REGIONAL',
      status: statusOf(balancer), created_at: '2026-01-01T00:00:00Z', network: 'EXTERNAL', network_stack: 'IPV4',
      forwarding_rules: [{ entry_protocol: 'https', entry_port: 443, target_protocol: 'http', target_port: balancer.targetPort, certificate_id: '892071a0-bb95-49bc-8021-3afd67a210bf', tls_passthrough: false }],
      health_check: balancer.check, sticky_sessions: { type: 'none' }, region: regionBody(account, REGIONS[0]!), vpc_uuid: account.parts.vpcs[0]!.id,
      tag: balancer.tag ?? '', droplet_ids: listed(balancer), redirect_http_to_https: false, enable_proxy_protocol: false, enable_backend_keepalive: false,
      disable_lets_encrypt_dns_records: false, http_idle_timeout_seconds: 60, firewall: { deny: [], allow: [] },
    }),
    change(id, droplets, change) {
      const balancer = need(id);
      if (balancer.tag !== undefined) refuse(422, 'unprocessable_entity', 'Droplets cannot be assigned to a load balancer that has a tag');
      if (statusOf(balancer) !== 'active') refuse(403, 'forbidden', "Load Balancer can't be updated while it processes previous actions");
      const unknown = droplets.find((one) => !account.droplets.has(one));
      if (unknown !== undefined) refuse(422, 'unprocessable_entity', `Droplet ${unknown} was not found`);
      balancer.inEffect = listed(balancer);
      balancer.busyUntil = clock.now() + changeMilliseconds;
      for (const one of droplets) {
        if (change === 'Add') balancer.named.add(one);
        else balancer.named.delete(one);
      }
    },
    places(balancer) {
      const ids = clock.now() < balancer.busyUntil ? balancer.inEffect : listed(balancer);
      return ids.flatMap((id) => account.droplets.get(id) ?? []);
    },
    remove: (id) => void all.delete(id),
  };
}
