import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadBalancerContract } from '../support/load-balancer-contract.ts';
import { realSuite } from '../support/real/gate.ts';
import { startTraefik } from '../support/real/traefik.ts';
import { TOKEN, traefikWorld } from '../unit/act-traffic/traefik-world.ts';

async function routesFolder(documents: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'traefik-routes-'));
  for (const [name, value] of Object.entries(documents)) await writeFile(join(folder, `${name}.yml`), stringify(value));
  return folder;
}

const router = (service: string): unknown => ({ http: { routers: { web: { rule: 'PathPrefix(`/`)', service } } } });

realSuite('real Traefik', ['traefik'], () => {
  loadBalancerContract('Traefik adapter over the real Traefik', () =>
    traefikWorld(async (endpoint) => {
      const fileFolder = await routesFolder({ routes: router('web@http') });
      const traefik = await startTraefik({
        http: { endpoint, pollInterval: '0.2s', headers: { Authorization: `Bearer ${TOKEN}` } },
        providersThrottleDuration: '0.1s',
        fileFolder,
      });
      return {
        front: traefik.url,
        apiURL: traefik.apiUrl,
        close: async () => {
          await traefik.stop();
          await rm(fileFolder, { recursive: true });
        },
      };
    }),
  );
});
