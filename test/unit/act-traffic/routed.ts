import { CloudBalancers, DEFAULT_TRAEFIK_SETTINGS, TraefikFiles, TraefikHTTP, createDigitalOceanBalancers, createHetznerBalancers, createRoutedLoadBalancer } from '../../../controller/act/traffic/index.ts';
import { oneAtATime } from '../../../controller/model/index.ts';
import type { Clock, Leadership, LoadBalancer } from '../../../controller/ports/index.ts';

/** An adapter as it is composed: behind the choice among all ways to a load balancer, of which no other one is set up. */
export function routed(own: Partial<Parameters<typeof createRoutedLoadBalancer>[0]>, clock: Clock, leadership: Leadership): LoadBalancer {
  const installation = 'shop';
  return createRoutedLoadBalancer({
    http: new TraefikHTTP(clock, leadership, DEFAULT_TRAEFIK_SETTINGS),
    files: new TraefikFiles({ clock, leadership, installation, ssh: undefined, newID: () => 'unused', settings: DEFAULT_TRAEFIK_SETTINGS }),
    hetzner: new CloudBalancers(clock, leadership, createHetznerBalancers({ clock, installation, http: undefined, labelsInTurn: oneAtATime() })),
    digitalocean: new CloudBalancers(clock, leadership, createDigitalOceanBalancers({ clock, installation, http: undefined })),
    ...own,
  });
}
