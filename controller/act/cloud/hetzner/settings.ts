import type { CreateRequest } from '../../../ports/index.ts';
import type { InTurn } from '../../../model/index.ts';
import type { APIOptions } from '../rest/settings.ts';

export interface HetznerOptions extends APIOptions {
  /** What cloud-init gets, whole: at most 32 KiB. */
  userData: (request: CreateRequest) => string | Promise<string>;
  /** Runs changes of one server's labels one after the other: an update replaces all of them. Shared with whoever else changes labels; by default there is nobody. */
  labelsInTurn?: InTurn;
}
