import { type Instant, seconds } from '../../../model/index.ts';
import type { Clock } from '../../../ports/index.ts';

const READ_ANEW_SECONDS = 3600;
/** While the API is away yesterday's price list is better than none: prices change with notice. */
const GOOD_FOR_SECONDS = 24 * 3600;

/** A price list as the API tells it, read anew each hour; rejects as `read` does where there is none that is good. */
export function createPriceList<List>(read: () => Promise<List>, clock: Clock): () => Promise<List> {
  let known: { at: Instant; list: List } | undefined;
  let underWay: Promise<List> | undefined;

  async function ask(): Promise<List> {
    try {
      const list = await read();
      known = { at: clock.now(), list };
      return list;
    } catch (error) {
      if (known !== undefined && clock.now() - known.at < seconds(GOOD_FOR_SECONDS)) return known.list;
      throw error;
    } finally {
      underWay = undefined;
    }
  }

  return async () => (known !== undefined && clock.now() - known.at < seconds(READ_ANEW_SECONDS) ? known.list : underWay ??= ask());
}
