import type { Endpoint } from '../../model/index.ts';

/** What a local host tells of itself: what SSH, Docker and kamal-proxy tell of a real one. */
export interface ControlFacts {
  machine: 'Preparing' | 'Ready';
  /** Absent while no app runs. */
  app?: {
    version: string;
    /** The name under which the proxy knows it. */
    service: string;
    /** The proxy sends it requests. */
    routed: boolean;
    /** The proxy answers new requests with 503, as in Kamal's maintenance. */
    quiesced: boolean;
  };
  /** How often an app was started since boot; a deploy that changes nothing leaves it. */
  starts: number;
}

export interface DeployOrder {
  service: string;
  version: string;
  /** How long the app may take until its health path answers. */
  deployTimeoutSeconds: number;
  /** `Failing`: the app starts, but its health path never answers 200. */
  health: 'Answering' | 'Failing';
}

/**
 * The control port of a local host. Every call rejects with a ClassifiedError: `Unavailable` when nothing answers,
 * `NotFound` when no app runs that could be quiesced or resumed, `Transient` when an app does not become healthy.
 */
export interface HostControl {
  facts(endpoint: Endpoint): Promise<ControlFacts>;
  /** Ends when the app serves. An app of the same version that runs already goes on running. */
  deploy(endpoint: Endpoint, order: DeployOrder): Promise<void>;
  /** New requests are refused from now on; ends when those in flight have ended, or were cut after `seconds`. */
  quiesce(endpoint: Endpoint, seconds: number): Promise<void>;
  resume(endpoint: Endpoint): Promise<void>;
  /** Ends the app; requests in flight are lost. Without an app nothing happens. */
  stop(endpoint: Endpoint): Promise<void>;
}

