import { type HostPool, type KamalHost, keyOf, keyText, sameKey } from '../api/index.ts';
import type { Phase, Server } from '../model/index.ts';
import { type AuditFinding, RUN, difference } from './audit-finding.ts';
import type { Marks } from './orphans.ts';

/** Phases in which a recorded server is there; the others make or remove one. */
const HAS_SERVER: readonly Phase[] = ['Bootstrapping', 'Deploying', 'Joining', 'InService', 'Draining', 'Quarantined'];

/** Servers that are paid for against the hosts that own them. `asked`: the providers that answered; `marks`: what the controller noted of unowned ones. Pure. */
export function serversAudit(pools: readonly HostPool[], hosts: readonly KamalHost[], servers: readonly Server[], asked: ReadonlySet<string>, marks: Marks = {}): AuditFinding[] {
  const owned = new Map(hosts.map((host) => [host.spec.hostID, host]));
  return [
    ...servers.flatMap((server) => {
      const host = owned.get(server.owner.hostID);
      return host === undefined ? unowned(server, pools, marks[server.owner.hostID]?.refused?.why) : twin(server, host, servers);
    }),
    ...hosts.flatMap((host) => missing(host, servers, asked)),
  ];
}

function unowned(server: Server, pools: readonly HostPool[], refused: string | undefined): AuditFinding[] {
  if (server.state === 'Leaving') return [];
  const { providerID, name, owner } = server;
  if (refused !== undefined) return [difference('Cloud', providerID, `server ${name} has no KamalHost, is paid for, and the controller could not delete it: ${refused}`, vendorCommand(server, 'Delete'))];
  const known = pools.some((pool) => sameKey(keyOf(pool), owner.pool));
  return [known
    ? difference('Cloud', providerID, `server ${name} has no KamalHost, and is paid for; a controller that runs adopts it, or removes it where it is known to be idle`, RUN)
    : difference('Cloud', providerID, `server ${name} has no KamalHost and its pool ${keyText(owner.pool)} does not exist, and is paid for; apply the pool again to adopt it`, vendorCommand(server, 'Delete'))];
}

function twin(server: Server, host: KamalHost, servers: readonly Server[]): AuditFinding[] {
  const kept = host.status?.providerID;
  const others = servers.filter(({ owner }) => owner.hostID === server.owner.hostID);
  if (others.length < 2 || kept === undefined || server.providerID === kept || server.state === 'Leaving') return off(server, host);
  return [difference('Cloud', server.providerID, `a second server of host ${host.metadata.namespace}/${host.metadata.name} beside ${kept}, and paid for`, vendorCommand(server, 'Delete'))];
}

function off(server: Server, { metadata, status }: KamalHost): AuditFinding[] {
  if (server.state !== 'Off' || status?.phase !== 'InService') return [];
  return [difference('Cloud', server.providerID, `host ${metadata.namespace}/${metadata.name} should serve, and its server is off`, vendorCommand(server, 'Start'))];
}

function missing({ metadata, spec, status }: KamalHost, servers: readonly Server[], asked: ReadonlySet<string>): AuditFinding[] {
  const { phase = 'Pending', provider, providerID } = status ?? {};
  if (provider === undefined || providerID === undefined || !asked.has(provider) || !HAS_SERVER.includes(phase)) return [];
  if (servers.some(({ owner }) => owner.hostID === spec.hostID)) return [];
  return [difference('Cloud', `${metadata.namespace}/${metadata.name}`, `its server ${providerID} is not listed by ${provider}: it was deleted, or the token is of another project`, `kamal-autoscaler describe kh ${metadata.name} -n ${metadata.namespace}`)];
}

/** As the vendor's own tool is told; what has none is the controller's to mend. */
function vendorCommand(server: Server, act: 'Start' | 'Delete'): string {
  switch (server.provider) {
    case 'Hetzner': return `hcloud server ${act === 'Start' ? 'poweron' : 'delete'} ${vendorID(server)}`;
    case 'DigitalOcean': return act === 'Start' ? `doctl compute droplet-action power-on ${vendorID(server)}` : `doctl compute droplet delete ${vendorID(server)}`;
    case 'Local':
    case 'Static': return RUN;
  }
}

/** As the vendor's own tools name it: without the provider before it. */
const vendorID = ({ providerID }: Server): string => providerID.slice(providerID.indexOf(':') + 1);
