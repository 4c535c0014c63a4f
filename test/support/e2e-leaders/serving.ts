/** What serves, for suites that take things away and ask whether it still does. */
import { expect } from 'chai';
import type { World } from './world.ts';

/** Everything in which a server that was lost, bought again or started again would show. */
export interface Serving {
  servers: string[];
  hostIDs: string[];
  /** App starts since boot by server. */
  starts: Record<string, number>;
  /** What the load balancer is told. */
  members: string[];
  purchases: number;
}

export async function whatServes(world: World): Promise<Serving> {
  const [servers, starts, membership] = await Promise.all([world.servers(), world.starts(), world.membership()]);
  return {
    servers: servers.map(({ id, state }) => `${id} ${state}`).sort(),
    hostIDs: servers.map(({ owner }) => owner?.hostID ?? 'nobody').sort(),
    starts,
    members: membership.pools.flatMap(({ members }) => members.map(({ address, port, name }) => `${name} ${address}:${port}`)),
    purchases: world.purchases.length,
  };
}

/** The same servers serve the same members, none of them bought or started again; and the load balancer is still told so. */
export async function expectServing(world: World, before: Serving): Promise<void> {
  expect(await whatServes(world)).to.deep.equal(before);
  const leader = await world.leader();
  const config = await leader.config();
  expect(config?.status).to.equal(200);
  for (const member of before.members) expect(config?.text).to.contain(member.split(' ')[1]);
}
