import { createHash } from 'node:crypto';
import { ClassifiedError, isClass } from '../../model/index.ts';
import type { Documents, StoredDocument } from '../../ports/index.ts';
import { calling } from './api.ts';
import type { ClusterApi } from './api.ts';

const PREFIX = 'kamal-autoscaler-';
const KEY = 'document.json';
/** An API object may have about 1 MB. */
const LARGEST_BYTES = 900 * 1024;
const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
/** A ConfigMap's name may have 253 characters, prefix included. */
const LONGEST_NAME = 230;

/** Documents as ConfigMaps in the controller's own namespace; a document's version is its resourceVersion. */
export class ConfigMapDocuments implements Documents {
  readonly #api: ClusterApi;
  readonly #namespace: string;

  constructor(api: ClusterApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  async load(name: string): Promise<StoredDocument | undefined> {
    const configMap = configMapName(name);
    try {
      const { data, metadata } = await calling({ verb: 'Read', what: `read ConfigMap ${this.#namespace}/${configMap}` }, async () =>
        await this.#api.core.readNamespacedConfigMap({ name: configMap, namespace: this.#namespace }));
      return { value: this.#parse(configMap, data?.[KEY]), version: metadata?.resourceVersion ?? '' };
    } catch (error) {
      if (isClass(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async save(name: string, value: unknown, version: string | undefined): Promise<string> {
    const configMap = configMapName(name);
    const text = JSON.stringify(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > LARGEST_BYTES) {
      throw new ClassifiedError('Invalid', `document ${name} has ${bytes} bytes; a ConfigMap takes at most ${LARGEST_BYTES}`, {
        mend: 'Split the pools between two controllers.',
      });
    }
    const namespace = this.#namespace;
    const metadata = { name: configMap, namespace, labels: { 'app.kubernetes.io/managed-by': 'kamal-autoscaler' } };
    const data = { [KEY]: text };
    const saved = await calling({ verb: 'Write', what: `write ConfigMap ${namespace}/${configMap}` }, async () => await (version === undefined
      ? this.#api.core.createNamespacedConfigMap({ namespace, body: { metadata, data } })
      : this.#api.core.replaceNamespacedConfigMap({ name: configMap, namespace, body: { metadata: { ...metadata, resourceVersion: version }, data } })))
      .catch((error: unknown) => {
        throw asConflict(error, name, version);
      });
    return saved.metadata?.resourceVersion ?? '';
  }

  #parse(configMap: string, text: string | undefined): unknown {
    try {
      return JSON.parse(text ?? '');
    } catch (error) {
      throw new ClassifiedError('Invalid', `ConfigMap ${this.#namespace}/${configMap}: ${KEY} is not JSON`, {
        mend: 'Restore the ConfigMap, or delete it to let the controller begin anew.',
        cause: error,
      });
    }
  }
}

/** For a document, one that is there already and one that is gone both mean that somebody else wrote. */
function asConflict(error: unknown, name: string, version: string | undefined): unknown {
  const lost = version === undefined ? isClass(error, 'AlreadyExists') : isClass(error, 'NotFound');
  return lost ? new ClassifiedError('Conflict', `document ${name} was written by another instance`, { cause: error }) : error;
}

function configMapName(name: string): string {
  if (!NAME.test(name)) throw new ClassifiedError('Invalid', `document name "${name}": only lower-case letters, digits, "-" and "." make a ConfigMap's name`);
  if (name.length <= LONGEST_NAME) return PREFIX + name;
  return `${PREFIX}${name.slice(0, LONGEST_NAME - 17)}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
