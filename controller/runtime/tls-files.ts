import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type SecureContextOptions, createSecureContext } from 'node:tls';
import { ClassifiedError, messageOf } from '../model/index.ts';

/** Where a server's certificate (with those between it and its authority) and key are, in PEM. */
export interface TLSFiles {
  certificateFile: string;
  keyFile: string;
}

/** Names of the variables, for errors about what they hold. */
export const TLS_SETTING_NAMES = { certificateFile: 'KAMAL_AUTOSCALER_TLS_CERT_FILE', keyFile: 'KAMAL_AUTOSCALER_TLS_KEY_FILE' } as const;

/** Certificates are renewed weeks before they end. */
const LOOK_MILLISECONDS = 10_000;

/** Reads both. Throws `Invalid` with the variable, the file and the mend where one cannot be read or they do not belong together. */
export async function readTLSFiles({ certificateFile, keyFile }: TLSFiles): Promise<SecureContextOptions> {
  const [cert, key] = await Promise.all([read('certificateFile', certificateFile), read('keyFile', keyFile)]);
  try {
    // Nothing at all is taken for a pair too, and a server with that answers nobody.
    for (const [name, text] of [['certificate', cert], ['key', key]] as const) if (!text.includes('-----BEGIN ')) throw new Error(`there is no ${name} in PEM`);
    createSecureContext({ cert, key });
  } catch (error) {
    throw new ClassifiedError('Invalid', `${TLS_SETTING_NAMES.certificateFile} ${certificateFile} and ${TLS_SETTING_NAMES.keyFile} ${keyFile} cannot be used: ${messageOf(error)}`, { mend: 'write a certificate and its own key, both in PEM', cause: error });
  }
  return { cert, key };
}

/** Calls back with what the files hold whenever the certificate's file has changed; `failed` where it cannot be used, and what was used before stays. */
export function watchTLSFiles(files: TLSFiles, renewed: (options: SecureContextOptions) => void, failed: (error: unknown) => void, lookMilliseconds = LOOK_MILLISECONDS): { close(): void } {
  const look = (): void => void readTLSFiles(files).then(renewed, failed);
  watchFile(files.certificateFile, { persistent: false, interval: lookMilliseconds }, look);
  return { close: () => unwatchFile(files.certificateFile, look) };
}

async function read(name: keyof TLSFiles, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ClassifiedError('Invalid', `${TLS_SETTING_NAMES[name]} ${path}: ${messageOf(error)}`, { mend: 'name a file that the controller can read', cause: error });
  }
}
