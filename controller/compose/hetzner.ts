import { type HetznerProvider, createHetznerProvider } from '../act/cloud/hetzner/provider.ts';
import { HETZNER_ENDPOINT, endpointFault } from '../act/cloud/hetzner/settings.ts';
import { additionsProblem, createUserData } from '../act/cloud/user-data/index.ts';
import { ClassifiedError } from '../model/index.ts';
import type { Clock } from '../ports/index.ts';
import { SSH_SETTING_NAMES, type Settings } from '../runtime/settings.ts';
import type { OpenSSH } from './ssh.ts';

const NO_LOGIN = 'servers would be bought that nobody can log in to';
const LOGIN_MEND = `set ${SSH_SETTING_NAMES.keyFile}`;

/**
 * Hetzner Cloud, where its token is set. Without a key for SSH it tells prices and lists servers, and buys nothing.
 * Throws Invalid for an endpoint that cannot be.
 */
export function openHetzner({ hetzner: settings }: { hetzner?: Settings['hetzner'] | undefined }, clock: Clock, ssh: OpenSSH | undefined): HetznerProvider | undefined {
  if (settings === undefined) return undefined;
  const { endpoint = HETZNER_ENDPOINT, token } = settings;
  const fault = endpointFault(endpoint);
  if (fault !== undefined) throw new ClassifiedError('Invalid', `HCLOUD_ENDPOINT ${JSON.stringify(endpoint)} ${fault}`);
  if (ssh !== undefined) {
    const provider = createHetznerProvider({ endpoint, token, clock, userData: createUserData(ssh.clientKey) });
    return { ...provider, problemOf: async (placement) => additionsProblem(placement) ?? provider.problemOf?.(placement) };
  }
  const provider = createHetznerProvider({
    endpoint, token, clock,
    userData() {
      throw new ClassifiedError('Invalid', NO_LOGIN, { mend: LOGIN_MEND });
    },
  });
  return { ...provider, problemOf: async (placement) => await provider.problemOf?.(placement) ?? `${NO_LOGIN}: ${LOGIN_MEND}` };
}
