import { isClass } from '../../../model/index.ts';
import type { CloudAPI } from '../rest/http.ts';
import type { Marking } from '../rest/marking.ts';
import { markingIn, tagsFor } from './tags.ts';

/** One tag of one Droplet. Each call is done where it was done before. */
export interface DropletTags {
  add(id: number, tag: string): Promise<void>;
  remove(id: number, tag: string): Promise<void>;
}

export function createDropletTags(http: CloudAPI): DropletTags {
  const resources = (id: number): object => ({ resources: [{ resource_id: String(id), resource_type: 'droplet' }] });

  return {
    async add(id, tag) {
      try {
        await http.change('POST', `/v2/tags/${tag}/resources`, resources(id));
      } catch (error) {
        // A tag has to be there before anything can carry it.
        if (!isClass(error, 'NotFound')) throw error;
        await http.change('POST', '/v2/tags', { name: tag });
        await http.change('POST', `/v2/tags/${tag}/resources`, resources(id));
      }
    },
    async remove(id, tag) {
      await http.change('DELETE', `/v2/tags/${tag}/resources`, resources(id)).catch((error: unknown) => {
        if (!isClass(error, 'NotFound')) throw error;
      });
    },
  };
}

/** Changes what the tags of one Droplet say; those that people added stay. */
export function createTagging(droplet: DropletTags): (id: number, tags: readonly string[], note: Marking) => Promise<void> {
  return async (id, tags, note) => {
    const wanted = tagsFor(note);
    // Old ones go first: two that contradict each other would say nothing, for as long as a failure in between lasts.
    const stale = tags.filter((tag) => !wanted.includes(tag) && Object.keys(markingIn([tag])).some((name) => name in note));
    for (const tag of stale) await droplet.remove(id, tag);
    for (const tag of wanted.filter((one) => !tags.includes(one))) await droplet.add(id, tag);
  };
}
