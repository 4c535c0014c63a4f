import { readFileSync } from 'node:fs';
import { ClassifiedError } from '../model/index.ts';

const PREFIX = 'KAMAL_AUTOSCALER_';

/** The variable itself, or the first line of the file that `<variable>_FILE` names. */
export function readSecret(environment: Record<string, string | undefined>, name: string): string | undefined {
  const file = environment[`${PREFIX}${name}_FILE`];
  if (file === undefined) return environment[PREFIX + name];
  try {
    return readFileSync(file, 'utf8').split('\n')[0]?.trim();
  } catch (error) {
    throw new ClassifiedError('Invalid', `${PREFIX}${name}_FILE: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): make it readable for this user`);
  }
}
