import type { TraefikHTTP } from '../act/traffic/index.ts';
import { messageOf } from '../model/index.ts';
import { loadMembership } from '../reconcile/membership-document.ts';
import { type HttpServer, startHttpServer } from '../runtime/http-server.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../runtime/settings.ts';
import type { Controller } from './controller.ts';
import { tellDeployed } from './deployed.ts';
import { discover } from './discovery.ts';
import type { InventoryPublication } from './inventory.ts';
import type { OpenKamal } from './kamal.ts';

/** Who answers besides the controller itself. */
export interface Served {
  traefik: TraefikHTTP;
  inventory: InventoryPublication;
  kamal: OpenKamal;
  log: Log;
}

/** Serves health, metrics, Traefik's document, the inventory and service discovery of one controller, and hears of deploys; `starting` says what is not there yet. Rejects as listening does. */
export function serveController(settings: Settings, controller: Controller, { traefik, inventory, kamal, log }: Served, starting: () => string | undefined = () => undefined): Promise<HttpServer> {
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
    inventory: (request) => inventory.respond(request),
    discovery: (target) => discover(context.store, target),
    deployed: tellDeployed(controller, { token: settings.kamal?.deployedToken, kamal, log }),
  }, { failed: (error) => log.log('error', `the renewed certificate is not used, the one before is: ${messageOf(error)}`) });
}
