import type { Offline } from '../cli/index.ts';
import { ClassifiedError, oneAtATime } from '../model/index.ts';
import { systemClock } from '../runtime/clock.ts';
import { SSH_SETTING_NAMES, readDigitalOcean, readHetzner, readSSH } from '../runtime/settings.ts';
import { openClouds } from './clouds.ts';
import { withEnvFile } from './environment.ts';
import { authorizedKeysOf } from './inventory.ts';
import { clientKeyOf } from './ssh.ts';

/** What can be known by the environment alone, while no controller and no store is there. */
export const offline: Offline = {
  async servers(installation, { env }) {
    const environment = withEnvFile(env);
    const [hetzner, digitalocean] = [readHetzner(environment), readDigitalOcean(environment)];
    const clouds = openClouds({ ...(hetzner === undefined ? {} : { hetzner }), ...(digitalocean === undefined ? {} : { digitalocean }) }, systemClock, undefined, oneAtATime());
    const providers = Object.values(clouds.providers);
    if (providers.length === 0) throw new ClassifiedError('Invalid', 'no cloud can be asked: there is no token of one', { mend: 'Set HCLOUD_TOKEN or DIGITALOCEAN_ACCESS_TOKEN; a token that may only read is enough.' });
    try {
      // All or none: an inventory without the hosts of one cloud would look whole.
      return (await Promise.all(providers.map((provider) => provider.list(installation)))).flatMap(({ servers }) => servers);
    } finally {
      clouds.close();
    }
  },

  async authorizedKeys({ env }) {
    const settings = readSSH(withEnvFile(env));
    if (settings === undefined) throw new ClassifiedError('Invalid', 'no key of the controller is named', { mend: `Set ${SSH_SETTING_NAMES.keyFile}.` });
    return authorizedKeysOf({ clientKey: await clientKeyOf(settings) });
  },
};
