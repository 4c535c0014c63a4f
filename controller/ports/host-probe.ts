import type { HostPoolSpec } from '../api/index.ts';
import type { Endpoint, InFlightFact, ProbeFact } from '../model/index.ts';

/** The controller's own look at one host over HTTP. Neither call throws. */
export interface HostProbe {
  /** One request to the health path, as the load balancer would send it. */
  up(endpoint: Endpoint, health: HostPoolSpec['health']): Promise<ProbeFact>;
  /** Requests in flight at the host's proxy; Unknown where it publishes no metrics. */
  inFlight(endpoint: Endpoint): Promise<InFlightFact>;
}
