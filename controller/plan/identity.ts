import type { HostFacts } from '../model/index.ts';
import type { HostView } from './host-view.ts';

/**
 * Why the machine is not taken for the host that was bought, as a clause; undefined where nothing speaks against it.
 * Whoever reads its user data has the delivered key: it counts until the machine's own has taken over, and never again.
 */
export function identityProblem(host: Pick<HostView, 'phase' | 'ownKey'>, { machine }: Pick<HostFacts, 'machine'>): string | undefined {
  switch (machine.kind) {
    case 'Mismatch': return machine.why;
    case 'Delivered':
      if (host.ownKey !== undefined && host.ownKey !== machine.ownKey) return 'it says that its own host key is another than the one that is pinned';
      return host.phase === 'Bootstrapping' ? undefined : 'it shows the host key of its user data, although its own had taken over';
    case 'Unknown':
    case 'Unreachable':
    case 'Preparing':
    case 'Ready': return undefined;
  }
}

/** A server that was there before its KamalHost: whoever knew its host key may be gone with an earlier store. */
export const isAdopted = ({ createAttempts, providerID }: HostView): boolean => createAttempts === 0 && providerID !== undefined;
