import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Upper bounds in seconds, fine enough to see a P95 of 200 ms; Traefik's own four are not. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];

export interface RequestSeen {
  code: number;
  method: string;
  seconds: number;
}

/** What Traefik tells about itself, under its names. */
export class BalancerMetrics {
  readonly #registry = new Registry();
  readonly #entryPoint: string;
  readonly #serviceRequests = this.#counter('traefik_service_requests_total', 'Requests to a service, each try counted.', 'service');
  readonly #serviceSeconds = this.#histogram('traefik_service_request_duration_seconds', 'Time for a request to a service.', 'service');
  readonly #entryRequests = this.#counter('traefik_entrypoint_requests_total', 'Requests to an entry point.', 'entrypoint');
  readonly #entrySeconds = this.#histogram('traefik_entrypoint_request_duration_seconds', 'Time for a request to an entry point.', 'entrypoint');
  readonly #serverUp = new Gauge({
    name: 'traefik_service_server_up', help: 'Whether the last check of a server succeeded.', labelNames: ['service', 'url'], registers: [this.#registry],
  });
  readonly #connections = new Gauge({
    name: 'traefik_open_connections', help: 'Open connections.', labelNames: ['entrypoint', 'protocol'], registers: [this.#registry],
  });

  constructor(entryPoint: string) {
    this.#entryPoint = entryPoint;
    this.#connections.set({ entrypoint: entryPoint, protocol: 'TCP' }, 0);
  }

  serviceRequest(service: string, { code, method, seconds }: RequestSeen): void {
    const labels = { code, method, protocol: 'http', service };
    this.#serviceRequests.inc(labels);
    this.#serviceSeconds.observe(labels, seconds);
  }

  entryPointRequest({ code, method, seconds }: RequestSeen): void {
    const labels = { code, method, protocol: 'http', entrypoint: this.#entryPoint };
    this.#entryRequests.inc(labels);
    this.#entrySeconds.observe(labels, seconds);
  }

  serverChecked(service: string, url: string, up: boolean): void {
    this.#serverUp.set({ service, url }, up ? 1 : 0);
  }

  forgetServers(): void {
    this.#serverUp.reset();
  }

  connections(change: 1 | -1): void {
    this.#connections.inc({ entrypoint: this.#entryPoint, protocol: 'TCP' }, change);
  }

  /** Prometheus text. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #counter(name: string, help: string, of: 'service' | 'entrypoint') {
    return new Counter({ name, help, labelNames: ['code', 'method', 'protocol', of], registers: [this.#registry] });
  }

  #histogram(name: string, help: string, of: 'service' | 'entrypoint') {
    return new Histogram({ name, help, labelNames: ['code', 'method', 'protocol', of], buckets: BUCKETS, registers: [this.#registry] });
  }
}
