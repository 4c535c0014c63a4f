import { SERVER_LABELS } from '../../../api/index.ts';
import { ClassifiedError, type ServerOwner } from '../../../model/index.ts';
import type { CreateRequest } from '../../../ports/index.ts';
import { type Marking, markingOf } from '../rest/marking.ts';

const KEY = /^([a-z0-9A-Z]([a-z0-9A-Z._-]{0,251}[a-z0-9A-Z])?\/)?[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?$/;
const VALUE = /^([a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?)?$/;

/** Labels of a new server: whose it is, what it serves, and what the pool adds. Throws Invalid for what the API would not take. */
export function labelsOf(request: CreateRequest, network: number | undefined): Record<string, string> {
  const { placement } = request;
  const labels = { ...placement.hetzner?.labels, ...labelsFor(markingOf(request, network === undefined ? undefined : String(network))) };
  for (const [key, value] of Object.entries(labels)) checkLabel(key, value, placement.name);
  return labels;
}

export const labelsFor = (said: Marking): Record<string, string> =>
  Object.fromEntries(Object.entries(said).map(([name, value]) => [SERVER_LABELS[name as keyof Marking], value]));

export const markingIn = (labels: Record<string, unknown>): Marking =>
  Object.fromEntries(Object.entries(SERVER_LABELS).flatMap(([name, label]) => (typeof labels[label] === 'string' ? [[name, labels[label]]] : [])));

function checkLabel(key: string, value: string, placement: string): void {
  if (!KEY.test(key) || key.startsWith('hetzner.cloud/')) {
    throw new ClassifiedError('Invalid', `placement ${placement}: Hetzner takes no label ${JSON.stringify(key)}`, { mend: 'write NAME or PREFIX/NAME in hetzner.labels, of letters, digits and inner dashes, dots and underscores; hetzner.cloud/ is reserved' });
  }
  if (!VALUE.test(value)) {
    throw new ClassifiedError('Invalid', `placement ${placement}: Hetzner takes no value ${JSON.stringify(value)} for the label ${key}`, { mend: 'a value has at most 63 letters, digits and inner dashes, dots and underscores: write another one in hetzner.labels, or another service, role or destination' });
  }
}

export const ofInstallation = (installation: string): string => `${SERVER_LABELS.installation}==${installation}`;

export const ofHost = ({ installation, hostID }: ServerOwner): string => `${ofInstallation(installation)},${SERVER_LABELS.hostID}==${hostID}`;
