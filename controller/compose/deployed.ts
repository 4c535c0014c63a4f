import { createHash, timingSafeEqual } from 'node:crypto';
import { type HostPool, keyOf } from '../api/index.ts';
import { failureText } from '../reconcile/dispatch.ts';
import type { Log } from '../runtime/log.ts';
import type { Controller } from './controller.ts';
import type { OpenKamal } from './kamal.ts';

export interface Answer {
  status: number;
  text: string;
}

export interface DeployedParts {
  /** What the caller must send; absent: nobody may tell. */
  token: string | undefined;
  kamal: Pick<OpenKamal, 'refresh'>;
  log: Log;
}

/**
 * Takes the word of a project's `post-deploy` hook that a version was deployed: the project is brought up to date and
 * its pools look at their hosts now. It says where to look, no more: which version runs is asked of the hosts.
 */
export function tellDeployed({ context }: Controller, { token, kamal, log }: DeployedParts): (authorization: string | undefined, form: Record<string, unknown>) => Promise<Answer> {
  return async (authorization, form) => {
    if (token === undefined) return { status: 404, text: 'set KAMAL_AUTOSCALER_DEPLOYED_TOKEN to tell of deploys here' };
    if (!isSame(authorization ?? '', `Bearer ${token}`)) return { status: 401, text: 'send the token of KAMAL_AUTOSCALER_DEPLOYED_TOKEN as Authorization: Bearer' };
    const service = named(form['service']);
    const destination = form['destination'] === undefined || form['destination'] === '' ? undefined : named(form['destination']);
    if (service === undefined || (destination === undefined && form['destination'] !== undefined && form['destination'] !== '')) {
      return { status: 400, text: 'send service and, where there is one, destination' };
    }
    if (!context.leadership.isLeader()) return { status: 503, text: 'another instance leads' };
    const pools = (await context.store.list('HostPool', { from: 'Cached' })).filter(({ spec: { kamal: role } }) => role.service === service && role.destination === destination);
    if (pools.length === 0) return { status: 404, text: `no pool deploys ${service}${destination === undefined ? '' : ` -d ${destination}`}` };
    try {
      await kamal.refresh(service);
    } catch (error) {
      // What the checkout lacks is fetched once more when it is needed.
      log.log('warn', 'a deploy was told of, and its project could not be brought up to date', { service, error: failureText(error) });
    }
    for (const pool of pools) await wake(context, pool);
    log.log('info', 'somebody deployed', { service, ...(destination === undefined ? {} : { destination }), version: named(form['version']) ?? 'unknown', pools: pools.length });
    return { status: 202, text: `${pools.length} pools look at their hosts` };
  };
}

async function wake(context: Controller['context'], pool: HostPool): Promise<void> {
  const key = keyOf(pool);
  context.enqueue({ kind: 'Pool', key });
  const hosts = await context.store.list('KamalHost', { namespace: key.namespace, from: 'Cached' });
  for (const host of hosts) if (host.spec.poolRef.name === key.name) context.enqueue({ kind: 'Host', key: keyOf(host) });
}

/** A name or version as Kamal writes them; undefined for anything else. */
const named = (value: unknown): string | undefined => (typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(value) ? value : undefined);

/** Without telling by its time how much of a guess was right. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
