/** Hetzner Cloud's API on a loopback port. */
import { randomBytes } from 'node:crypto';
import { type Contract, loadContract } from '../cloud-sim/contract.ts';
import { type ServedCloud, requestBucket, serveCloud } from '../cloud-sim/serve.ts';
import { planted } from '../planted.ts';
import { HETZNER_CONVENTIONS } from './contract.ts';
import { type Project, type ProjectOptions, createProject } from './project.ts';
import { routesOf } from './routes.ts';

export interface HetznerSimOptions extends ProjectOptions {
  port?: number;
  /** What a client must send; a planted secret by default. */
  token?: string;
  readOnlyToken?: string;
  currency?: string;
  /** Requests an hour, refilled evenly. */
  rateLimit?: number;
  /** `Unchecked` where the document is not at hand. */
  contract?: Contract | 'Unchecked';
}

/** Its endpoint is as HCLOUD_ENDPOINT wants it. */
export interface HetznerSim extends ServedCloud {
  project: Project;
  /** Requests that are left in this hour; setting it lower is how a neighbour uses them up. */
  rate: { left: number };
}

export async function startHetznerSim(options: HetznerSimOptions): Promise<HetznerSim> {
  const { clock, token = planted('cloud-token'), readOnlyToken, rateLimit = 3600, currency = 'EUR' } = options;
  const project = createProject(options);
  const rate = requestBucket(rateLimit, 3600, () => clock.now());
  const served = await serveCloud({
    clock, token, readOnlyToken, base: '/v1', contract: options.contract ?? loadContract(HETZNER_CONVENTIONS), routes: routesOf(project, currency),
    ...(options.port === undefined ? {} : { port: options.port }),
    refusal: (code, message) => ({ error: { code, message, details: null } }),
    codes: { unauthorized: 'unauthorized', readOnly: 'token_readonly', tooMany: 'rate_limit_exceeded', notFound: 'not_found', invalid: 'invalid_input' },
    rate: {
      take: () => (rate.take() ? undefined : {}),
      headers: () => ({ 'RateLimit-Limit': String(rateLimit), 'RateLimit-Remaining': String(Math.floor(rate.left)), 'RateLimit-Reset': String(Math.ceil(clock.now() / 1000 + (rateLimit - rate.left) / (rateLimit / 3600))) }),
    },
    headers: () => ({ 'x-correlation-id': randomBytes(8).toString('hex') }),
  });
  const { close } = served;
  return Object.assign(served, {
    project, rate,
    async close() {
      await project.settled();
      await close();
    },
  });
}
