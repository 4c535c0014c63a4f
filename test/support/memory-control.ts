/** The control ports of the hosts of a memory world. What was begun goes on there when the caller is gone. */
import type { HostControl } from '../../controller/act/deploy/host-control.ts';
import { type Endpoint, ClassifiedError } from '../../controller/model/index.ts';
import type { Clock } from '../../controller/ports/index.ts';
import type { MemoryApp, MemoryHost } from './memory-world.ts';

interface Surroundings {
  clock: Clock;
  deployMilliseconds: number;
  /** Rejects when the host does not answer. */
  reach: (endpoint: Endpoint) => MemoryHost;
  inFlight: (host: MemoryHost) => number;
  lists: (host: MemoryHost) => boolean;
  /** Notes what an app's end costs; call before it ends. */
  noteLosses: (host: MemoryHost, what: string) => void;
  note: (sentence: string) => void;
}

export function createMemoryControl({ clock, deployMilliseconds, reach, inFlight, lists, noteLosses, note }: Surroundings): HostControl {
  const appOf = (host: MemoryHost): MemoryApp => {
    if (host.app === undefined) throw new ClassifiedError('NotFound', `${host.order.name}: service not found`);
    return host.app;
  };

  return {
    async facts(endpoint) {
      const { app, starts } = reach(endpoint);
      // An app that fails its health path for good runs nevertheless.
      if (app === undefined || (clock.now() < app.readyAt && app.readyAt !== Infinity)) return { machine: 'Ready', starts };
      return { machine: 'Ready', starts, app: { version: app.version, service: app.service, routed: true, quiesced: app.quiesced !== undefined } };
    },
    async deploy(endpoint, { service, version, health, deployTimeoutSeconds }) {
      const host = reach(endpoint);
      if (health === 'Failing') {
        await clock.sleep(deployTimeoutSeconds * 1000);
        throw new ClassifiedError('Transient', `${host.order.name}: target failed to become healthy`);
      }
      if (host.app?.version !== version) {
        // The proxy keeps an old app until the new one is healthy, so that nothing is dropped here.
        const { app } = host;
        const readyAt = clock.now() + (app === undefined ? deployMilliseconds : 0);
        host.app = { version, service, readyAt, ...(app?.quiesced === undefined ? {} : { quiesced: app.quiesced }) };
        host.starts += 1;
      }
      await clock.sleep(Math.max(0, host.app.readyAt - clock.now()));
      reach(endpoint);
    },
    async quiesce(endpoint, seconds) {
      const host = reach(endpoint);
      const app = appOf(host);
      if (app.quiesced === undefined) {
        if (lists(host)) note(`${host.order.name} was quiesced while the load balancer listed it`);
        else if (seconds === 0 && inFlight(host) > 0) note(`${host.order.name} was quiesced with requests in flight and no time to drain`);
        app.quiesced = { since: clock.now(), deadline: clock.now() + seconds * 1000 };
      }
      while (inFlight(host) > 0 && host.app === app && host.diedAt === undefined) await clock.sleep(250);
    },
    async resume(endpoint) {
      delete appOf(reach(endpoint)).quiesced;
    },
    async stop(endpoint) {
      const host = reach(endpoint);
      if (host.app === undefined) return;
      noteLosses(host, 'was stopped');
      delete host.app;
      host.appEndedAt = clock.now();
    },
  };
}
