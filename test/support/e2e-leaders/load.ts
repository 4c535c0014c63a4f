/** A light constant load, for suites in which nothing that serves may be lost. */
import { expect } from 'chai';
import { type Load, startLoad } from '../../../controller/demo/load.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { until } from '../real/until.ts';

export interface ConstantLoad {
  /** Ends it and holds it to what it is for: requests were answered until now, and no more than so many failed. */
  end(mostFailures: number): Promise<void>;
}

const LONGEST_SECONDS = 1_200;

export function startConstantLoad(url: string, requestsPerSecond: number): ConstantLoad {
  const ending = new AbortController();
  const load: Load = startLoad({
    url,
    profile: [{ atSeconds: 0, requestsPerSecond }, { atSeconds: LONGEST_SECONDS, requestsPerSecond }],
    spacing: 'Even',
    kinds: [{ name: 'page', share: 1, path: '/', timeoutMilliseconds: 15_000 }],
    phases: [], maxRequests: requestsPerSecond * LONGEST_SECONDS, maxInFlight: 500,
    clock: systemClock, chance: Math.random, signal: ending.signal,
  });
  return {
    async end(mostFailures) {
      const { sent } = load.soFar(1);
      await until('answers at the end of the load', () => load.soFar(1).answered > sent);
      ending.abort();
      const { failed, requests, summaries } = await load.done;
      expect(failed, `${failed} of ${requests} requests failed: ${JSON.stringify(summaries.map(({ outcomes }) => outcomes))}`).to.be.at.most(mostFailures);
    },
  };
}
