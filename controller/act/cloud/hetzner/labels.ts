import { SERVER_LABELS } from '../../../api/index.ts';
import { type Addresses, ClassifiedError, type ServerOwner, type ServerPart } from '../../../model/index.ts';
import type { CreateRequest } from '../../../ports/index.ts';
import { hostKeyIn, hostKeyLabel } from '../host-key-label.ts';

const KEY = /^([a-z0-9A-Z]([a-z0-9A-Z._-]{0,251}[a-z0-9A-Z])?\/)?[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?$/;
const VALUE = /^([a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$/;

/** Labels of a new server: whose it is, what it serves, and what the pool adds. Throws Invalid for what the API would not take. */
export function labelsOf({ owner, placement, pool }: CreateRequest, network: number | undefined): Record<string, string> {
  const { service, role, destination } = pool.kamal;
  const own: Record<string, string> = {
    ...ownerLabels(owner),
    [SERVER_LABELS.placement]: placement.name,
    [SERVER_LABELS.service]: service,
    [SERVER_LABELS.role]: role,
    ...(destination === undefined ? {} : { [SERVER_LABELS.destination]: destination }),
    [SERVER_LABELS.sshAddress]: sshAddress(placement, pool.addresses),
    ...(pool.ssh.port === 22 ? {} : { [SERVER_LABELS.sshPort]: String(pool.ssh.port) }),
    ...(network === undefined ? {} : { [SERVER_LABELS.network]: String(network) }),
  };
  const labels = { ...placement.hetzner?.labels, ...own };
  for (const [key, value] of Object.entries(labels)) checkLabel(key, value, placement.name);
  return labels;
}

const ownerLabels = ({ installation, pool, hostID }: ServerOwner): Record<string, string> => ({
  [SERVER_LABELS.installation]: installation, [SERVER_LABELS.namespace]: pool.namespace, [SERVER_LABELS.pool]: pool.name, [SERVER_LABELS.hostID]: hostID,
});

function checkLabel(key: string, value: string, placement: string): void {
  if (!KEY.test(key) || key.startsWith('hetzner.cloud/')) {
    throw new ClassifiedError('Invalid', `placement ${placement}: Hetzner takes no label ${JSON.stringify(key)}`, { mend: 'write NAME or PREFIX/NAME in hetzner.labels, of letters, digits and inner dashes, dots and underscores; hetzner.cloud/ is reserved' });
  }
  if (!VALUE.test(value)) {
    throw new ClassifiedError('Invalid', `placement ${placement}: Hetzner takes no value ${JSON.stringify(value)} for the label ${key}`, { mend: 'a value has at most 63 letters, digits and inner dashes, dots and underscores: write another one in hetzner.labels, or another service, role or destination' });
  }
}

/** Which address SSH goes to; `Auto` as the controller resolves it for a server that has all of its addresses. */
function sshAddress(placement: CreateRequest['placement'], addresses: CreateRequest['pool']['addresses']): string {
  const which = addresses?.ssh ?? 'Auto';
  if (which !== 'Auto') return which;
  const { networks, publicNetwork } = placement.hetzner ?? {};
  if (networks !== undefined) return 'Private';
  return publicNetwork === 'IPv6' ? 'PublicIPv6' : 'PublicIPv4';
}

/** What a server's labels say of its part; undefined where they say nothing of it. */
export function partIn(labels: Record<string, unknown>, addresses: Addresses): ServerPart | undefined {
  const said = Object.fromEntries(Object.entries(SERVER_LABELS).map(([name, label]) => [name, labels[label]]));
  const { service, role, destination, serving } = said;
  if (typeof service !== 'string' || typeof role !== 'string') return undefined;
  const sshAddress = { Private: addresses.private, PublicIPv4: addresses.publicIPv4, PublicIPv6: addresses.publicIPv6 }[String(said['sshAddress'])];
  const hostKey = hostKeyIn(said['hostKey']);
  return {
    service, role, ...(typeof destination === 'string' ? { destination } : {}), serving: serving === 'true' ? 'Serving' : 'NotServing',
    ...(sshAddress === undefined ? {} : { sshAddress }), sshPort: Number(said['sshPort'] ?? 22), ...(hostKey === undefined ? {} : { hostKey }),
  };
}

/** What a note changes of a server's labels; undefined where they say so already. */
export function noted(labels: Record<string, unknown>, serving: ServerPart['serving'], hostKey: string | undefined): Record<string, unknown> | undefined {
  const key = hostKey === undefined ? undefined : hostKeyLabel(hostKey);
  const wanted = { [SERVER_LABELS.serving]: String(serving === 'Serving'), ...(key === undefined ? {} : { [SERVER_LABELS.hostKey]: key }) };
  return Object.entries(wanted).every(([label, value]) => labels[label] === value) ? undefined : { ...labels, ...wanted };
}

/** Whose a server is; undefined where its labels do not say. */
export function ownerIn(labels: Record<string, unknown>): ServerOwner | undefined {
  const { installation, namespace, pool, hostID } = SERVER_LABELS;
  const [whose, where, name, host] = [installation, namespace, pool, hostID].map((key) => labels[key]);
  if (typeof whose !== 'string' || typeof where !== 'string' || typeof name !== 'string' || typeof host !== 'string') return undefined;
  return { installation: whose, pool: { namespace: where, name }, hostID: host };
}

export const ofInstallation = (installation: string): string => `${SERVER_LABELS.installation}==${installation}`;

export const ofHost = ({ installation, hostID }: ServerOwner): string => `${ofInstallation(installation)},${SERVER_LABELS.hostID}==${hostID}`;
