import { adviceOf, isClass } from '../../../model/index.ts';

/** What a check finds invalid, with its mend, as a person reads it; undefined where it finds nothing. Rejects with every other error. */
export async function problemText(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (!isClass(error, 'Invalid')) throw error;
    return adviceOf(error);
  }
}
