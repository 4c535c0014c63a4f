import type { TraefikHTTP } from '../act/traffic/index.ts';
import { loadMembership } from '../reconcile/membership-document.ts';
import { type HttpServer, startHttpServer } from '../runtime/http-server.ts';
import type { Settings } from '../runtime/settings.ts';
import type { Controller } from './controller.ts';
import { discover } from './discovery.ts';

/** Serves health, metrics, Traefik's document and service discovery of one controller; `starting` says what is not there yet. Rejects as listening does. */
export function serveController(settings: Settings, controller: Controller, traefik: TraefikHTTP, starting: () => string | undefined = () => undefined): Promise<HttpServer> {
  const { context } = controller;
  return startHttpServer(settings.listen, {
    unhealthy: controller.unhealthy,
    async unready() {
      try {
        // The documents are what a takeover needs; a store that cannot give them cannot lead.
        await loadMembership(context.documents);
        return starting();
      } catch (error) {
        return `the store cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
    metrics: async () => ({ contentType: context.meters.registry.contentType, body: await context.meters.registry.metrics() }),
    traefik: (authorization) => traefik.respond({ method: 'GET', headers: { authorization } }),
    discovery: (target) => discover(context.store, target),
  });
}
