import { createDigitalOceanProvider } from '../act/cloud/digitalocean/provider.ts';
import { DIGITALOCEAN } from '../act/cloud/digitalocean/vendor.ts';
import { createHetznerProvider } from '../act/cloud/hetzner/provider.ts';
import { HETZNER } from '../act/cloud/hetzner/vendor.ts';
import { type CloudAPI, openCloudAPI } from '../act/cloud/rest/http.ts';
import { type APIOptions, endpointFault } from '../act/cloud/rest/settings.ts';
import type { Vendor } from '../act/cloud/rest/vendor.ts';
import { additionsProblem, createUserData } from '../act/cloud/user-data/index.ts';
import { ClassifiedError, type InTurn } from '../model/index.ts';
import type { Clock, CloudProvider, CreateRequest } from '../ports/index.ts';
import { type CloudSettings, SSH_SETTING_NAMES, type Settings } from '../runtime/settings.ts';
import type { OpenSSH } from './ssh.ts';

const NO_LOGIN = 'servers would be bought that nobody can log in to';
const LOGIN_MEND = `set ${SSH_SETTING_NAMES.keyFile}`;

/** The clouds whose tokens are set. */
export interface OpenClouds {
  providers: { Hetzner?: CloudProvider; DigitalOcean?: CloudProvider };
  /** Ends what runs in the background. */
  close(): void;
}

type Open = (options: APIOptions & { userData: (request: CreateRequest) => string }) => CloudProvider & { close(): void };

/** Without a key for SSH clouds tell prices and list servers, and nothing is bought. `labelsInTurn`: the same for everything here that changes labels of servers. Throws Invalid for an endpoint that cannot be. */
export function openClouds({ hetzner, digitalocean }: Pick<Settings, 'hetzner' | 'digitalocean'>, clock: Clock, ssh: OpenSSH | undefined, labelsInTurn: InTurn): OpenClouds {
  const opened = { Hetzner: openCloud(HETZNER, (options) => createHetznerProvider({ ...options, labelsInTurn }), hetzner, clock, ssh), DigitalOcean: openCloud(DIGITALOCEAN, createDigitalOceanProvider, digitalocean, clock, ssh) };
  return {
    providers: { ...(opened.Hetzner === undefined ? {} : { Hetzner: opened.Hetzner }), ...(opened.DigitalOcean === undefined ? {} : { DigitalOcean: opened.DigitalOcean }) },
    close() {
      opened.Hetzner?.close();
      opened.DigitalOcean?.close();
    },
  };
}

function openCloud(vendor: Vendor, open: Open, settings: CloudSettings | undefined, clock: Clock, ssh: OpenSSH | undefined): ReturnType<Open> | undefined {
  if (settings === undefined) return undefined;
  const { endpoint, token } = withEndpoint(vendor, settings);
  if (ssh !== undefined) {
    const provider = open({ endpoint, token, clock, userData: createUserData(ssh.clientKey) });
    return { ...provider, problemOf: async (placement) => additionsProblem(placement) ?? provider.problemOf?.(placement) };
  }
  const provider = open({
    endpoint, token, clock,
    userData() {
      throw new ClassifiedError('Invalid', NO_LOGIN, { mend: LOGIN_MEND });
    },
  });
  return { ...provider, problemOf: async (placement) => await provider.problemOf?.(placement) ?? `${NO_LOGIN}: ${LOGIN_MEND}` };
}

/** The API alone of a cloud whose token is set. Throws Invalid for an endpoint that cannot be. */
export const cloudAPI = (vendor: Vendor, settings: CloudSettings | undefined, clock: Clock): CloudAPI | undefined =>
  (settings === undefined ? undefined : openCloudAPI(vendor, { ...withEndpoint(vendor, settings), clock }));

function withEndpoint(vendor: Vendor, { endpoint = vendor.endpoint, token }: CloudSettings): Pick<APIOptions, 'endpoint' | 'token'> {
  const fault = endpointFault(endpoint, vendor);
  if (fault !== undefined) throw new ClassifiedError('Invalid', `${vendor.variables.endpoint} ${JSON.stringify(endpoint)} ${fault}`);
  return { endpoint, token };
}
