/** The load balancers of a memory world: they take a new document after a poll, and call a member down that fails. */
import { ClassifiedError, type Instant, type Membership, httpURL } from '../../controller/model/index.ts';
import { emptiness } from '../../controller/act/traffic/traefik-document.ts';
import type { Clock, Leadership, LoadBalancer } from '../../controller/ports/index.ts';

interface Surroundings {
  clock: Clock;
  pollMilliseconds: number;
  healthIntervalMilliseconds: number;
  silentInstances: ReadonlySet<string>;
  /** Whether a server answers its health path. */
  answers: (url: string) => boolean;
  /** Since when it does not; undefined for one that never did. */
  failingSince: (url: string) => Instant | undefined;
  /** Absent: whoever applies leads. */
  leadership?: Leadership;
  /** Notes that requests were dropped. */
  note: (sentence: string) => void;
}

export interface MemoryLoadBalancer {
  port: LoadBalancer;
  served: () => Membership | undefined;
  lists: (url: string) => boolean;
  /** When a server was last listed: now, in the past, or never. */
  lastListed: (url: string) => Instant | undefined;
}

const documentsKept = 1000;

export function createMemoryLoadBalancer(surroundings: Surroundings): MemoryLoadBalancer {
  const { clock, pollMilliseconds, healthIntervalMilliseconds, silentInstances, answers, failingSince, leadership, note } = surroundings;
  /** In the order in which they were published; each counts from `takenAt` on. */
  const documents: { takenAt: Instant; membership: Membership; urls: Set<string> }[] = [];

  let generation: number | undefined;
  leadership?.onChange(() => { generation = undefined; });

  const current = () => documents.findLast(({ takenAt }) => takenAt <= clock.now());
  const lists = (url: string): boolean => current()?.urls.has(url) ?? false;

  function lastListed(url: string): Instant | undefined {
    if (lists(url)) return clock.now();
    const index = documents.findLastIndex(({ takenAt, urls }) => takenAt <= clock.now() && urls.has(url));
    return index < 0 ? undefined : documents[index + 1]?.takenAt;
  }

  /** Since when a server is listed without a break. */
  function listedSince(url: string): Instant {
    const before = documents.findLastIndex(({ takenAt, urls }) => takenAt <= clock.now() && !urls.has(url));
    return documents[before + 1]?.takenAt ?? clock.now();
  }

  function state(url: string): 'Up' | 'Down' {
    if (answers(url)) return 'Up';
    // A new server starts Up, and stays so until a probe has failed.
    const since = Math.max(listedSince(url), failingSince(url) ?? 0);
    return clock.now() - since >= healthIntervalMilliseconds ? 'Down' : 'Up';
  }

  return {
    lists, lastListed,
    served: () => current()?.membership,
    port: {
      async apply(membership) {
        const latest = documents.at(-1);
        if (leadership?.isLeader() === false || (generation !== undefined && membership.generation <= generation)) return;
        const refusal = membership.pools.map(emptiness).find((why) => why !== undefined);
        if (refusal !== undefined) throw new ClassifiedError('Invalid', refusal);
        generation = membership.generation;
        const urls = new Set(membership.pools.flatMap(({ members }) => members.map(({ address, port }) => httpURL(address, port))));
        for (const url of urls) {
          if (!(latest?.urls.has(url) ?? false) && !answers(url)) note(`${url} was made a member before it answered`);
        }
        documents.push({ takenAt: clock.now() + pollMilliseconds, membership: structuredClone(membership), urls });
        if (documents.length > documentsKept) documents.shift();
      },
      async confirm({ traefik }) {
        if (traefik === undefined) return [];
        return traefik.apiURLs.map((instance) => {
          if (silentInstances.has(instance)) return { instance, kind: 'Unknown', why: `${instance} does not answer` };
          const pool = current()?.membership.pools.find(({ service }) => service === traefik.service);
          const urls = (pool?.members ?? []).map(({ address, port }) => httpURL(address, port));
          return { instance, kind: 'Listing', servers: urls.map((url) => ({ url, state: state(url) })) };
        });
      },
    },
  };
}
