export { CONFIG_PATH, type ConfigRequest, type ConfigResponse } from './config-endpoint.ts';
export { HetznerBalancers } from './hetzner-balancer.ts';
export { HTTPHostProbe } from './host-probe.ts';
export { createRoutedLoadBalancer } from './routed.ts';
export { TraefikFiles } from './traefik-file.ts';
export { DEFAULT_TRAEFIK_SETTINGS, TraefikHTTP, type TraefikSettings } from './traefik-http.ts';
export { DEFAULT_TRANSPORT, type MemberTransport, traefikDocument } from './traefik-document.ts';
