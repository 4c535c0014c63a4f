import { stringify } from 'yaml';
import { ClassifiedError } from '../../../model/index.ts';
import type { CreateRequest } from '../../../ports/index.ts';
import { type ClientKey, deliveredKey } from '../../ssh/index.ts';
import { bringUpCommands } from './bring-up.ts';
import { type CloudConfig, YAML_OF_CLOUD_INIT, merge, readAdditions } from './merge.ts';

/** What a server is given at its creation. Secret: a private key is in it. */
export type UserDataFor = (request: CreateRequest) => string;

/** Hetzner's limit, the smallest one of the clouds we know; DigitalOcean takes 64 KiB. */
const LARGEST_BYTES = 32 * 1024;

/**
 * User data with which the controller can log in to a server and knows it when it answers. The same request gives the
 * same text, whichever attempt it is. Throws Invalid, which names the field, for additions that cannot be added.
 */
export const createUserData = (clientKey: ClientKey): UserDataFor => (request) => {
  const { pool, placement } = request;
  const field = `placement ${placement.name}: userData`;
  const additions = additionsOf(placement);
  const theirs = additions === undefined ? {} : readAdditions(additions.text, field);
  const text = `#cloud-config\n${stringify(merge(ownConfig(clientKey, request, keysIn(theirs)), theirs), YAML_OF_CLOUD_INIT)}`;
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_BYTES) {
    throw new ClassifiedError('Invalid', `${field}: with what the controller adds it has ${bytes} bytes, and clouds take ${LARGEST_BYTES}`, {
      mend: `Shorten it, or put its files on the image of pool role ${pool.kamal.role}.`,
    });
  }
  return text;
};

/** Why the additions of a placement cannot be added, as a sentence with its mend; undefined where they can. */
export function additionsProblem(placement: Clouds): string | undefined {
  const additions = additionsOf(placement);
  if (additions === undefined) return undefined;
  try {
    readAdditions(additions.text, additions.field);
    return undefined;
  } catch (error) {
    if (!(error instanceof ClassifiedError)) throw error;
    return error.mend === undefined ? error.message : `${error.message}. ${error.mend}`;
  }
}

type Clouds = Pick<CreateRequest['placement'], 'hetzner' | 'digitalocean'>;

function additionsOf({ hetzner, digitalocean }: Clouds): { field: string; text: string } | undefined {
  if (hetzner?.userData !== undefined) return { field: 'hetzner.userData', text: hetzner.userData };
  return digitalocean?.userData === undefined ? undefined : { field: 'digitalocean.userData', text: digitalocean.userData };
}

/** cloud-init itself gives these keys to the image's own user, who need not be the one of the pool. */
const keysIn = ({ ssh_authorized_keys: keys }: CloudConfig): string[] => (Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : []);

function ownConfig(clientKey: ClientKey, { owner, pool: { ssh: { user } } }: CreateRequest, peoplesKeys: readonly string[]): CloudConfig {
  const { privateKey, publicKey } = deliveredKey(clientKey, owner.installation, owner.hostID);
  const login = { name: user, ssh_authorized_keys: [`${clientKey.publicKey} kamal-autoscaler`, ...peoplesKeys] };
  return {
    // Keys that came with the image are known to everybody who has the image.
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: privateKey, ed25519_public: publicKey },
    ...(user === 'root'
      ? { disable_root: false, users: [{ ...login, lock_passwd: false }] }
      // Who may run docker is root in all but name; changing the host key takes the name too.
      : { users: [{ ...login, groups: ['docker'], sudo: 'ALL=(ALL) NOPASSWD:ALL', shell: '/bin/bash' }] }),
    runcmd: bringUpCommands(user),
  };
}
