export { CONFIG_PATH, type ConfigRequest, type ConfigResponse } from './config-endpoint.ts';
export { CloudBalancers } from './cloud-balancers.ts';
export { createDigitalOceanBalancers } from './digitalocean-balancers.ts';
export { createHetznerBalancers } from './hetzner-balancers.ts';
export { HTTPHostProbe } from './host-probe.ts';
export { createRoutedLoadBalancer } from './routed.ts';
export { TraefikFiles } from './traefik-file.ts';
export { DEFAULT_TRAEFIK_SETTINGS, TraefikHTTP, type TraefikSettings } from './traefik-http.ts';
export { DEFAULT_TRANSPORT, type MemberTransport, traefikDocument } from './traefik-document.ts';
