import { randomBytes } from 'node:crypto';
import { DIGITALOCEAN } from '../act/cloud/digitalocean/vendor.ts';
import { HETZNER } from '../act/cloud/hetzner/vendor.ts';
import { CloudBalancers, DEFAULT_TRAEFIK_SETTINGS, HTTPHostProbe, TraefikFiles, TraefikHTTP, type TraefikSettings, createDigitalOceanBalancers, createHetznerBalancers, createRoutedLoadBalancer } from '../act/traffic/index.ts';
import type { InTurn } from '../model/index.ts';
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

/** `labelsInTurn`: the same for everything here that changes labels of servers. */
export function openTraffic(settings: Settings, clock: Clock, leadership: Leadership, ssh: OpenSSH | undefined, labelsInTurn: InTurn): OpenTraffic {
  const traefik = new TraefikHTTP(clock, leadership, traefikSettings(settings));
  const files = new TraefikFiles({
    clock, leadership, installation: settings.installation, ssh: ssh?.ssh, newID: () => randomBytes(4).toString('hex'), settings: traefikSettings(settings),
  });
  const { installation } = settings;
  const hetzner = new CloudBalancers(clock, leadership, createHetznerBalancers({ clock, installation, http: cloudAPI(HETZNER, settings.hetzner, clock), labelsInTurn }));
  const digitalocean = new CloudBalancers(clock, leadership, createDigitalOceanBalancers({ clock, installation, http: cloudAPI(DIGITALOCEAN, settings.digitalocean, clock) }));
  return { traefik, loadBalancer: createRoutedLoadBalancer({ http: traefik, files, hetzner, digitalocean }) };
}

const traefikSettings = (settings: Settings): TraefikSettings => ({
  ...DEFAULT_TRAEFIK_SETTINGS, ...(settings.traefikToken === undefined ? {} : { token: settings.traefikToken }),
});

export const hostProbe = (): HostProbe => new HTTPHostProbe();
