import type { AppFact, FleetReference, Instant } from '../../../model/index.ts';
import type { RoleRef } from '../../../ports/index.ts';
import { proxyServiceOf } from '../../../model/index.ts';
import { isDeployable } from './app-names.ts';
import { type Container, difference } from './containers.ts';
import type { ProxyService } from './proxy-list.ts';

/** What one look over SSH saw of one role on one host. */
export interface SeenApp {
  containers: readonly Container[];
  /** What kamal-proxy serves; undefined where none runs. */
  proxy: readonly ProxyService[] | undefined;
  /** The host's clock. */
  asOf: Instant;
}

/** Which container serves, and how. */
export type Served =
  | { kind: 'Nothing' }
  /** Requests go to it, or would if the proxy did not refuse them. */
  | { kind: 'Routed'; container: Container; requests: 'Taken' | 'Refused' }
  /** It runs, and no proxy sends it anything: a role without proxy, or a deploy that was broken off. */
  | { kind: 'Unrouted'; container: Container };

/** Digits of a container's id that kamal-proxy lists. */
const ID_SHOWN = 12;

/** The container whose id the proxy names is what is really served; a deploy that was killed leaves two that run. */
export function servedBy({ containers, proxy }: SeenApp, role: RoleRef): Served {
  const running = containers.filter((container) => container.running).sort((one, other) => other.createdAt - one.createdAt);
  const entry = proxy?.find(({ service }) => service === proxyServiceOf(role));
  const targets = new Set(entry?.targets);
  const target = entry && running.find(({ id }) => targets.has(id.slice(0, ID_SHOWN)));
  if (entry !== undefined && target !== undefined) return { kind: 'Routed', container: target, requests: entry.state === 'running' ? 'Taken' : 'Refused' };
  const [newest] = running;
  return newest === undefined ? { kind: 'Nothing' } : { kind: 'Unrouted', container: newest };
}

/** `proxied`: whether the fleet's proxies route this role at all; where they do not, nothing is missing. */
export function appFact(seen: SeenApp, role: RoleRef, fleet: FleetReference | undefined, proxied: boolean): AppFact {
  const served = servedBy(seen, role);
  if (served.kind === 'Nothing') return { kind: 'NotRunning' };
  const { version } = served.container;
  if (served.kind === 'Routed' && served.requests === 'Refused') return { kind: 'Quiesced', version };
  const why = unlikeFleet(served.container, fleet);
  const rollback = rollbackFact(seen, fleet);
  return {
    kind: 'Running', version, routed: served.kind === 'Routed' || !proxied, matchesFleet: why === undefined,
    ...(why === undefined ? {} : { why }), ...(rollback === undefined ? {} : { rollback }),
  };
}

/** What of a container is not the fleet's; undefined when nothing is, or nobody knows. */
export function unlikeFleet({ version, fingerprint }: Container, fleet: FleetReference | undefined): string | undefined {
  if (!isDeployable(version)) return `it runs as ${version}, which is no version that could be deployed`;
  // Another version is told by the version itself; what it was made from must differ.
  if (fleet?.kind !== 'Agreed' || fleet.fingerprint === undefined || fleet.version !== version) return undefined;
  return difference(fingerprint, fleet.fingerprint);
}

function rollbackFact({ containers }: SeenApp, fleet: FleetReference | undefined): 'Ready' | 'Missing' | undefined {
  if (fleet?.kind !== 'Agreed' || fleet.previousVersion === undefined) return undefined;
  return containers.some(({ version }) => version === fleet.previousVersion) ? 'Ready' : 'Missing';
}
