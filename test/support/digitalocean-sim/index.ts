/** DigitalOcean's API on a loopback port. */
import { randomUUID } from 'node:crypto';
import { planted } from '../planted.ts';
import { type Contract, loadContract } from '../cloud-sim/contract.ts';
import { type ServedCloud, requestBucket, serveCloud } from '../cloud-sim/serve.ts';
import { type Account, type AccountOptions, createAccount } from './account.ts';
import { type Balancers, createBalancers } from './balancers.ts';
import { DIGITALOCEAN_CONVENTIONS } from './contract.ts';
import { routesOf } from './routes.ts';

export interface DigitalOceanSimOptions extends AccountOptions {
  port?: number;
  /** How long a change of a load balancer takes, and how long one takes to see that a Droplet got a tag or lost it. */
  balancerMilliseconds?: { change: number; tag: number };
  /** What a client must send; a planted secret by default. */
  token?: string;
  readOnlyToken?: string;
  /** Requests an hour and a minute. */
  rateLimits?: { hour: number; minute: number };
  /** `Unchecked` where the document is not at hand. */
  contract?: Contract | 'Unchecked';
}

/** Its endpoint is as DIGITALOCEAN_API_URL wants it. */
export interface DigitalOceanSim extends ServedCloud {
  account: Account;
  balancers: Balancers;
  /** Requests that are left; setting one lower is how a neighbour uses them up. */
  rate: { hour: { left: number }; minute: { left: number } };
}

export async function startDigitalOceanSim(options: DigitalOceanSimOptions): Promise<DigitalOceanSim> {
  const { clock, token = planted('cloud-token'), readOnlyToken, rateLimits = { hour: 5000, minute: 250 } } = options;
  const account = createAccount(options);
  const { change, tag } = options.balancerMilliseconds ?? { change: 400, tag: 200 };
  const balancers = createBalancers({ account, clock, changeMilliseconds: change, tagMilliseconds: tag });
  const hour = requestBucket(rateLimits.hour, 3600, () => clock.now());
  const minute = requestBucket(rateLimits.minute, 60, () => clock.now());
  const routes = routesOf(account, balancers, () => served.endpoint);
  const served: ServedCloud = await serveCloud({
    clock, token, readOnlyToken, base: '', contract: options.contract ?? loadContract(DIGITALOCEAN_CONVENTIONS), routes,
    ...(options.port === undefined ? {} : { port: options.port }),
    faultsIn: ({ query }) => (query.has('tag_name') && (query.has('name') || query.has('type')) ? ['query: tag_name cannot be combined with name or type'] : []),
    refusal: (id, message) => ({ id, message, request_id: randomUUID() }),
    codes: { unauthorized: 'unauthorized', readOnly: 'forbidden', tooMany: 'too_many_requests', notFound: 'not_found', invalid: 'unprocessable_entity' },
    rate: {
      // Only a burst is told how long to wait; of the hour the reset tells when the oldest request counts no more.
      take(): Record<string, string> | undefined {
        if (!minute.take()) return { 'retry-after': String(Math.max(1, Math.ceil(60 / rateLimits.minute))) };
        return hour.take() ? undefined : {};
      },
      headers: () => ({ 'ratelimit-limit': String(rateLimits.hour), 'ratelimit-remaining': String(Math.floor(hour.left)), 'ratelimit-reset': String(Math.ceil(clock.now() / 1000 + 3600 / rateLimits.hour)) }),
    },
    headers: () => ({ 'x-request-id': randomUUID() }),
  });
  return Object.assign(served, { account, balancers, rate: { hour, minute } });
}
