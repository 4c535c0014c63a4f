import type { CreateRequest } from '../../../ports/index.ts';
import type { APIOptions } from '../rest/settings.ts';

export interface HetznerOptions extends APIOptions {
  /** What cloud-init gets, whole: at most 32 KiB. */
  userData: (request: CreateRequest) => string | Promise<string>;
}
