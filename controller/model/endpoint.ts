/** Ports of a host. `control` exists on local host processes only. */
export interface Ports {
  http: number;
  proxyMetrics?: number;
  nodeMetrics?: number;
  appMetrics?: number;
  control?: number;
}

/** Where a host answers. Address and `http` port together identify a server: a laptop has one loopback address. */
export interface Endpoint {
  /** Where the load balancer sends requests. */
  address: string;
  ports: Ports;
  /** Where SSH and Kamal go, if elsewhere. */
  sshAddress?: string;
  /** Where metrics are read, if elsewhere. */
  metricsAddress?: string;
}

/** `http://address:port`, as the load balancer lists it; IPv6 addresses get brackets. */
export const serverURL = (endpoint: Endpoint): string => httpURL(endpoint.address, endpoint.ports.http);

export const httpURL = (address: string, port: number): string =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}`;

/** A host's own ports over the pool's, over port 80. */
export function resolvePorts(own: Partial<Ports> | undefined, pool: Partial<Ports> | undefined): Ports {
  return { http: 80, ...pool, ...own };
}
