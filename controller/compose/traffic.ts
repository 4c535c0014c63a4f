import { randomBytes } from 'node:crypto';
import { HETZNER } from '../act/cloud/hetzner/vendor.ts';
import { DEFAULT_TRAEFIK_SETTINGS, HTTPHostProbe, HetznerBalancers, TraefikFiles, TraefikHTTP, type TraefikSettings, createRoutedLoadBalancer } from '../act/traffic/index.ts';
import type { Clock, HostProbe, Leadership, LoadBalancer } from '../ports/index.ts';
import type { Settings } from '../runtime/settings.ts';
import { cloudAPI } from './clouds.ts';
import type { OpenSSH } from './ssh.ts';

/** Every way to a load balancer. */
export interface OpenTraffic {
  loadBalancer: LoadBalancer;
  /** Answers Traefiks that poll. */
  traefik: TraefikHTTP;
}

export function openTraffic(settings: Settings, clock: Clock, leadership: Leadership, ssh: OpenSSH | undefined): OpenTraffic {
  const traefik = new TraefikHTTP(clock, leadership, traefikSettings(settings));
  const files = new TraefikFiles({
    clock, leadership, installation: settings.installation, ssh: ssh?.ssh, newID: () => randomBytes(4).toString('hex'), settings: traefikSettings(settings),
  });
  const hetzner = new HetznerBalancers({ clock, leadership, installation: settings.installation, http: cloudAPI(HETZNER, settings.hetzner, clock) });
  return { traefik, loadBalancer: createRoutedLoadBalancer({ http: traefik, files, hetzner }) };
}

const traefikSettings = (settings: Settings): TraefikSettings => ({
  ...DEFAULT_TRAEFIK_SETTINGS, ...(settings.traefikToken === undefined ? {} : { token: settings.traefikToken }),
});

export const hostProbe = (): HostProbe => new HTTPHostProbe();
