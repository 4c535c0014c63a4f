import { type Endpoint, serverURL } from './endpoint.ts';
import type { MembershipFact } from './facts.ts';
import { type InstanceListing, isListedAt } from './membership.ts';

/** What all instances together say of one host. Not listed needs every instance's word; one that is silent makes it Unknown. */
export function membershipFact(all: readonly InstanceListing[], endpoint: Endpoint): MembershipFact {
  const listings = all.filter((listing) => listing.kind === 'Listing');
  const url = serverURL(endpoint);
  const states = listings.map(({ servers }) => servers.find((server) => isListedAt(server, url))?.state);
  const listed = states.filter((state) => state !== undefined);
  const silent = all.flatMap((listing) => (listing.kind === 'Unknown' ? [`${listing.instance}: ${listing.why}`] : []));
  if (silent.length > 0) return { kind: 'Unknown', why: silent.join('; '), ...(states.length > 0 && listed.length === 0 ? { others: 'NotListed' } : {}) };
  if (states.length === 0) return { kind: 'Unknown', why: 'no load balancer instance is known' };
  if (listed.length === 0) return { kind: 'NotListed' };
  if (listed.length < states.length) return { kind: 'Partial', why: `${listed.length} of ${states.length} load balancers list ${url}` };
  const down = listed.filter((state) => state === 'Down').length;
  return down === 0 ? { kind: 'ListedUp' } : { kind: 'ListedDown', everywhere: down === listed.length };
}
