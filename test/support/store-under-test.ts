import type { Documents, Store } from '../../controller/ports/index.ts';

/** One store to try, with a namespace that holds nothing and that nobody else writes to. */
export interface StoreUnderTest {
  store: Store;
  documents: Documents;
  namespace: string;
  /** A second, empty namespace. */
  otherNamespace: string;
  close(): Promise<void>;
}
