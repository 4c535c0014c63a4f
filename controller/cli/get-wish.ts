import type { ResourceDescription } from '../api/index.ts';
import type { Io } from './composition.ts';

export type Output = 'table' | 'wide' | 'json' | 'yaml';

/** What `get` is to show, read from arguments and flags. */
export interface Wish {
  resources: ResourceDescription[];
  name?: string;
  /** Undefined: all. */
  namespace?: string;
  output: Output;
}

/** Undefined: nothing is cut. */
export const widthFor = ({ output }: Wish, io: Io): number | undefined => (output === 'wide' ? undefined : io.columns);
