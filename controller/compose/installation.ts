import { ClassifiedError, isClass } from '../model/index.ts';
import type { Documents } from '../ports/index.ts';

const DOCUMENT = 'installation';

/**
 * Keeps the installation's name in the store. Throws Conflict when another name is given later: servers of the first
 * name would be invisible, and paid for.
 */
export async function claimInstallation(documents: Documents, installation: string): Promise<void> {
  const stored = await documents.load(DOCUMENT);
  if (stored === undefined) {
    try {
      await documents.save(DOCUMENT, { installation }, undefined);
      return;
    } catch (error) {
      if (!isClass(error, 'Conflict', 'AlreadyExists')) throw error;
      return claimInstallation(documents, installation);
    }
  }
  const known = (stored.value as { installation?: unknown } | null)?.installation;
  if (known !== installation) {
    throw new ClassifiedError('Conflict', `this store belongs to installation ${JSON.stringify(known)}, not ${JSON.stringify(installation)}`, {
      mend: 'Write --installation with the first name, or give this installation a store of its own.',
    });
  }
}
