import type { ControlFacts, DeployOrder } from '../../../deploy/host-control.ts';
import { type App, createApp } from './app.ts';
import { ControlFailure, type Proxy } from './proxy.ts';
import type { HostSettings } from './settings.ts';

/** A machine with one app and a proxy before it: what the control port commands. */
export interface Host {
  facts(): Promise<ControlFacts>;
  deploy(order: DeployOrder): Promise<void>;
  quiesce(seconds: number): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  /** The application's metrics; empty while none runs. */
  appMetrics(): string;
}

export interface HostParts {
  settings: HostSettings;
  proxy: Proxy;
  random: () => number;
  sleep: (milliseconds: number) => Promise<void>;
  /** Whether the machine is ready for a deploy. */
  prepared: () => boolean;
}

export function createHost({ settings, proxy, random, sleep, prepared }: HostParts): Host {
  let running: { version: string; service: string; app: App } | undefined;
  let starts = 0;
  let lastChange: Promise<unknown> = Promise.resolve();

  /** Deploys and stops follow one another, as they do under Kamal's lock. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = lastChange.then(change, change);
    lastChange = turn.catch(() => {});
    return turn;
  }
  function serving(): { service: string } {
    if (running === undefined) throw new ControlFailure('NotFound', 'service not found');
    return running;
  }

  return {
    appMetrics: () => running?.app.metrics() ?? '',
    async facts() {
      const machine = prepared() ? 'Ready' : 'Preparing';
      if (running === undefined) return { machine, starts };
      const { version, service } = running;
      return { machine, starts, app: { version, service, ...(await proxy.state(service)) } };
    },
    deploy: ({ service, version, health, deployTimeoutSeconds }) => inTurn(async () => {
      if (!prepared()) throw new ControlFailure('Transient', 'the machine still prepares itself');
      if (running?.version === version && running.service === service && (await proxy.state(service)).routed) return;
      starts += 1;
      await sleep(settings.deployMilliseconds);
      const app = createApp(settings, version, health, random);
      await proxy.route(service, app, deployTimeoutSeconds);
      running = { version, service, app };
    }),
    async quiesce(seconds) {
      await proxy.quiesce(serving().service, seconds);
    },
    async resume() {
      await proxy.resume(serving().service);
    },
    stop: () => inTurn(async () => {
      if (running === undefined) return;
      await proxy.remove(running.service);
      running = undefined;
    }),
  };
}
