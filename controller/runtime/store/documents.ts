import { ClassifiedError } from '../../model/index.ts';
import type { Documents } from '../../ports/index.ts';

/** Where documents lie; versions are chosen above. */
export interface DocumentRows {
  write<T>(work: () => T): T;
  findDocument(name: string): { version: number; text: string } | undefined;
  putDocument(name: string, version: number, text: string): void;
}

/** As a ConfigMap holds with room for its metadata, so that both modes have the same limit. */
const LARGEST = 900 * 1024;

export function createDocuments(rows: DocumentRows): Documents {
  return {
    load: async (name) => {
      const found = rows.findDocument(name);
      return found === undefined ? undefined : { value: JSON.parse(found.text), version: String(found.version) };
    },
    save: async (name, value, version) => {
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new ClassifiedError('Invalid', `document ${name} has no value that JSON can hold`);
      if (Buffer.byteLength(text) > LARGEST) {
        throw new ClassifiedError('Invalid', `document ${name} has ${Buffer.byteLength(text)} bytes, more than the ${LARGEST} that fit`);
      }
      return rows.write(() => {
        const found = rows.findDocument(name);
        if ((found === undefined ? undefined : String(found.version)) !== version) {
          throw new ClassifiedError('Conflict', `document ${name} was changed since version ${version ?? '(none)'}: load it again`);
        }
        const next = (found?.version ?? 0) + 1;
        rows.putDocument(name, next, text);
        return String(next);
      });
    },
  };
}
