import type { Offline } from '../cli/index.ts';
import { ClassifiedError } from '../model/index.ts';
import { systemClock } from '../runtime/clock.ts';
import { SSH_SETTING_NAMES, readHetzner, readSSH } from '../runtime/settings.ts';
import { withEnvFile } from './environment.ts';
import { openHetzner } from './hetzner.ts';
import { authorizedKeysOf } from './inventory.ts';
import { clientKeyOf } from './ssh.ts';

/** What can be known by the environment alone, while no controller and no store is there. */
export const offline: Offline = {
  async servers(installation, { env }) {
    const hetzner = openHetzner({ hetzner: readHetzner(withEnvFile(env)) }, systemClock, undefined);
    if (hetzner === undefined) throw new ClassifiedError('Invalid', 'no cloud can be asked: there is no token of one', { mend: 'Set HCLOUD_TOKEN; a token that may only read is enough.' });
    try {
      return (await hetzner.list(installation)).servers;
    } finally {
      hetzner.close();
    }
  },

  async authorizedKeys({ env }) {
    const settings = readSSH(withEnvFile(env));
    if (settings === undefined) throw new ClassifiedError('Invalid', 'no key of the controller is named', { mend: `Set ${SSH_SETTING_NAMES.keyFile}.` });
    return authorizedKeysOf({ clientKey: await clientKeyOf(settings) });
  },
};
