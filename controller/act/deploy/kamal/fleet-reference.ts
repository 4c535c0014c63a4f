import { type FleetReference, type Instant, seconds } from '../../../model/index.ts';
import type { RoleRef } from '../../../ports/index.ts';
import { isDeployable } from './app-names.ts';
import { type SeenApp, servedBy } from './app-state.ts';
import { type Container, difference } from './containers.ts';

/** One host that people deploy to, as it was seen. */
export interface SeenHost {
  name: string;
  seen: SeenApp;
}

/** A container that waits so long for its proxy belongs to a deploy that was broken off, not to one under way. */
const LONGEST_START_MILLISECONDS = seconds(300);

/** What hosts of one role say together. Those that run nothing, or could not be asked for these reasons, say nothing. */
export function fleetReference(hosts: readonly SeenHost[], refused: readonly string[], role: RoleRef): FleetReference {
  const serving = hosts.flatMap(({ name, seen }) => {
    const served = servedBy(seen, role);
    return served.kind === 'Nothing' ? [] : [{ name, seen, served, container: served.container }];
  });
  const [first, ...others] = serving;
  if (first === undefined) return { kind: 'Unknown', why: nobodyText(hosts, refused) };
  const unfinished = serving.find(({ container }) => !isDeployable(container.version));
  if (unfinished !== undefined) return underWay(unfinished.name, unfinished.container);
  const starting = serving.flatMap(({ name, seen, container }) => {
    const next = startingBeside(seen, container);
    return next === undefined ? [] : [{ name, version: next.version }];
  })[0];
  if (starting !== undefined) return { kind: 'Disagree', why: `a deploy is under way: version ${starting.version} starts on ${starting.name}` };
  const resting = serving.find(({ served }) => served.kind === 'Routed' && served.requests === 'Refused');
  if (resting !== undefined) return { kind: 'Disagree', why: `${resting.name} is in maintenance` };
  const { version, fingerprint } = first.container;
  const other = others.find(({ container }) => container.version !== version);
  if (other !== undefined) return { kind: 'Disagree', why: `${first.name} runs version ${version}, ${other.name} runs ${other.container.version}` };
  for (const { name, container } of others) {
    const unlike = difference(container.fingerprint, fingerprint);
    if (unlike !== undefined) return { kind: 'Disagree', why: `${first.name} and ${name} run version ${version}, but not alike: ${unlike}` };
  }
  const previousVersion = previousOf(serving);
  return { kind: 'Agreed', version, fingerprint, ...(previousVersion === undefined ? {} : { previousVersion }) };
}

function nobodyText(hosts: readonly SeenHost[], [reason]: readonly string[]): string {
  if (reason !== undefined) return `no host that could be asked runs the app; ${reason}`;
  return hosts.length === 0 ? 'there is no host to look at' : 'no host runs the app';
}

function underWay(name: string, { version }: Container): FleetReference {
  if (version.includes('_replaced_')) return { kind: 'Disagree', why: `a deploy is under way on ${name}: ${version} still serves there` };
  return { kind: 'Unknown', why: `${name} runs the tag ${version}, which names no version: deploy it once with a version` };
}

/** A younger container that runs beside the one that serves. */
function startingBeside({ containers, asOf }: SeenApp, serves: Container): Container | undefined {
  const youngest = (created: Instant): boolean => created > serves.createdAt && asOf - created < LONGEST_START_MILLISECONDS;
  return containers.find(({ id, running, createdAt }) => running && id !== serves.id && youngest(createdAt));
}

/**
 * What a rollback would bring back: the youngest version that every host has besides the one that serves, and that was
 * made before it. What came later and does not serve failed.
 */
function previousOf(serving: readonly { seen: SeenApp; container: Container }[]): string | undefined {
  const [first, ...others] = serving.map(({ seen, container }) => earlier(seen, container));
  return first?.find((version) => others.every((versions) => versions.includes(version)));
}

const earlier = ({ containers }: SeenApp, serves: Container): string[] =>
  containers.filter(({ version, running, createdAt }) => !running && isDeployable(version) && version !== serves.version && createdAt < serves.createdAt)
    .sort((one, other) => other.createdAt - one.createdAt).map(({ version }) => version);

/** Whether proxies route the role: a worker's containers run, and no proxy knows them. */
export const isProxied = (hosts: readonly SeenHost[], role: RoleRef): boolean | undefined => {
  const served = hosts.map(({ seen }) => servedBy(seen, role).kind);
  if (served.includes('Routed')) return true;
  return served.includes('Unrouted') ? false : undefined;
};
