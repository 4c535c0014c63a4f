/**
 * The addresses of one site: a /24 that only this run's namespaces and one interface of this machine know. The
 * interface's name is the claim: the kernel gives a name once, and takes it back when the site's namespace ends.
 */
import { runProgram } from './run-program.ts';

const NETWORK = '10.213';
const SUBNETS = 256;
const FIRST_HOST = 10;
/** Public addresses are in the upper half, as many as private ones. */
const PUBLIC_OFFSET = 110;
const LAST_HOST = 110;

/** All sites together, for what has to be allowed beforehand. */
export const ALL_SITES = `${NETWORK}.0.0/16`;

export interface Subnet {
  /** On this machine; it ends with the site. */
  interface: string;
  /** This machine, as hosts see it. */
  machine: string;
  /** The site itself: the registry is here. */
  site: string;
  privateAddress(slot: number): string;
  publicAddress(slot: number): string;
}

export const SLOTS: readonly number[] = Array.from({ length: LAST_HOST - FIRST_HOST }, (_, index) => FIRST_HOST + index);

/** A card's address follows from its IP address, so that nobody needs to ask for it. */
export function macOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '00', ...bytes].join(':');
}

/** Takes a subnet that no other run has and no route of this machine leads to; its far end is `up0` in the process's network. */
export async function claimSubnet(holder: number): Promise<Subnet> {
  for (let attempt = 0; attempt < SUBNETS; attempt += 1) {
    const index = (holder + attempt) % SUBNETS;
    const name = `realhosts${index}`;
    if (await isRouted(`${NETWORK}.${index}.0/24`)) continue;
    try {
      await runProgram('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'up0', 'netns', String(holder)]);
    } catch (error) {
      if (String(error).includes('File exists')) continue;
      throw error;
    }
    const at = (last: number): string => `${NETWORK}.${index}.${last}`;
    return { interface: name, machine: at(1), site: at(2), privateAddress: at, publicAddress: (slot) => at(slot + PUBLIC_OFFSET) };
  }
  throw new Error(`all ${SUBNETS} subnets of ${ALL_SITES} are taken or routed elsewhere: ip route, ip link`);
}

/** A default route leads everywhere and says nothing. */
async function isRouted(subnet: string): Promise<boolean> {
  const routes = await runProgram('ip', ['-4', 'route', 'show', 'match', subnet]);
  return routes.split('\n').some((line) => line !== '' && !line.startsWith('default'));
}
