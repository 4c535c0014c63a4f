import { type Server, isClass, resolvePorts } from '../../model/index.ts';
import type { HostControl } from './host-control.ts';

/** Stops what runs on a local machine before it is given back; a machine that does not answer is said to be unreachable. */
export const vacateOverControl = (control: HostControl) => async ({ address, ports }: Server): Promise<'Vacant' | 'Unreachable'> => {
  if (address === undefined) return 'Unreachable';
  const endpoint = { address, ports: resolvePorts(ports, undefined) };
  try {
    const { app } = await control.facts(endpoint);
    if (app !== undefined) await control.stop(endpoint);
    return 'Vacant';
  } catch (error) {
    if (isClass(error, 'Unavailable')) return 'Unreachable';
    throw error;
  }
};
