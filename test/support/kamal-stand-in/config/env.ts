/** Environment of the containers: values in clear on the command line, secrets in a file on the host. */
import { argumentize, envFileValue } from '../words.ts';
import type { Secrets } from './secrets.ts';
import { checkEnv, type RawHash } from './validate.ts';

export interface Env {
  clear: RawHash;
  /** `NAME` or `NAME:NAME_OF_THE_SECRET`. */
  secret: readonly string[];
  secrets: Secrets;
  clearArgs(): string[];
  /** The file's text. Throws a ConfigurationError when a secret is in no file. */
  secretsFile(): string;
}

export function readEnv(raw: RawHash, secrets: Secrets, context = 'env'): Env {
  checkEnv(raw, context);
  const special = 'secret' in raw || 'tags' in raw || 'clear' in raw;
  return makeEnv((raw['clear'] ?? (special ? {} : raw)) as RawHash, (raw['secret'] ?? []) as string[], secrets);
}

export const mergedEnv = (base: Env, over: Env): Env =>
  makeEnv({ ...base.clear, ...over.clear }, [...new Set([...base.secret, ...over.secret])], base.secrets);

function makeEnv(clear: RawHash, secret: readonly string[], secrets: Secrets): Env {
  return {
    clear,
    secret,
    secrets,
    clearArgs: () => argumentize('--env', Object.entries(clear) as [string, string][]),
    secretsFile: () => secret.map((name) => {
      const [key = '', ...alias] = name.split(':');
      return `${key}=${envFileValue(secrets.get(alias.length > 0 ? alias.join(':') : key))}\n`;
    }).join('') || '\n',
  };
}
