import { type HostPool, type ObjectKey } from '../api/index.ts';
import type { LockRef } from '../ports/index.ts';

/** The lock under which work on a pool's hosts runs. */
export const lockOf = ({ spec: { kamal: { service, destination } } }: HostPool): LockRef =>
  (destination === undefined ? { service } : { service, destination });

/** One session for all pools of a service and destination in a namespace. */
export const sessionKeyOf = (pool: HostPool): ObjectKey => ({ namespace: pool.metadata.namespace, name: sessionName(lockOf(pool)) });

/** Whether a lock with this id was taken by this installation. */
export const isOwnOperation = (installation: string, operationID: string | undefined): operationID is string =>
  operationID?.startsWith(`${installation}/`) === true;

const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** `shop`, or `shop.production`. Kamal allows underscores and dashes at the end, names of objects do not: these are spelt by their code. */
function sessionName({ service, destination }: LockRef): string {
  return [service, ...(destination === undefined ? [] : [destination])].map((part) => (NAME.test(part) ? part : spelt(part))).join('.');
}

/** A label that no plain name can be: `x`, a dot, and each odd character as a number between dots. */
const spelt = (part: string): string =>
  `x.${part.replaceAll(/[^a-z0-9]/g, (odd) => `.${odd.charCodeAt(0)}.`).replaceAll('..', '.').replace(/\.$/, '')}`;
