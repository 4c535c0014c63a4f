import { isClass } from '../../../model/index.ts';
import type { CloudAPI } from '../rest/http.ts';
import type { Marking } from '../rest/marking.ts';
import { markingIn, tagsFor } from './tags.ts';

/** Changes what the tags of one Droplet say; those that people added stay. */
export function createTagging(http: CloudAPI): (id: number, tags: readonly string[], note: Marking) => Promise<void> {
  const resources = (id: number): object => ({ resources: [{ resource_id: String(id), resource_type: 'droplet' }] });

  async function add(id: number, tag: string): Promise<void> {
    try {
      await http.change('POST', `/v2/tags/${tag}/resources`, resources(id));
    } catch (error) {
      // A tag has to be there before anything can carry it.
      if (!isClass(error, 'NotFound')) throw error;
      await http.change('POST', '/v2/tags', { name: tag });
      await http.change('POST', `/v2/tags/${tag}/resources`, resources(id));
    }
  }

  const remove = (id: number, tag: string): Promise<unknown> => http.change('DELETE', `/v2/tags/${tag}/resources`, resources(id)).catch((error: unknown) => {
    if (!isClass(error, 'NotFound')) throw error;
  });

  return async (id, tags, note) => {
    const wanted = tagsFor(note);
    // Old ones go first: two that contradict each other would say nothing, for as long as a failure in between lasts.
    const stale = tags.filter((tag) => !wanted.includes(tag) && Object.keys(markingIn([tag])).some((name) => name in note));
    for (const tag of stale) await remove(id, tag);
    for (const tag of wanted.filter((one) => !tags.includes(one))) await add(id, tag);
  };
}
