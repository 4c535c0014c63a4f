import type { HostPoolSpec } from '../api/index.ts';
import type { Endpoint, InFlightFact, ProbeFact, RequestsFact } from '../model/index.ts';

/** The controller's own look at one host over HTTP. No call throws. */
export interface HostProbe {
  /** One request to the health path, as the load balancer would send it. */
  up(endpoint: Endpoint, health: HostPoolSpec['health']): Promise<ProbeFact>;
  /** One request to each further path that must answer before the host joins; the first that does not is named. */
  preJoin(endpoint: Endpoint, health: HostPoolSpec['health']): Promise<ProbeFact>;
  /**
   * Asks each warm-up path once, whatever it answers, and goes on between calls: the first call with an id begins, later
   * ones say how far it is.
   */
  warmUp(id: string, endpoint: Endpoint, health: HostPoolSpec['health']): 'Running' | 'Done';
  /** Requests that kamal-proxy answered for this service of its own; Unknown where it publishes no metrics. */
  requests(endpoint: Endpoint, service: string): Promise<RequestsFact>;
  /** Requests in flight at the host's proxy; Unknown where it publishes no metrics. */
  inFlight(endpoint: Endpoint): Promise<InFlightFact>;
}
