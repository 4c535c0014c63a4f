import { join } from 'node:path';
import { createStaticProvider } from '../act/cloud/static.ts';
import { createRoutedDeployer } from '../act/deploy/routed.ts';
import { messageOf, oneAtATime } from '../model/index.ts';
import { ClusterStore, ConfigMapDocuments, LEASE_TIMEOUT_MILLISECONDS, LeaseElection, connect, leaseObject, openApi, processIdentity } from '../runtime/cluster/index.ts';
import type { Settings } from '../runtime/settings.ts';
import { createMemoryDecisionLog } from '../runtime/store/decision-logs.ts';
import { startController } from './controller.ts';
import { claimInstallation } from './installation.ts';
import { openClouds } from './clouds.ts';
import { authorizedKeysOf, createInventoryPublication, inventoryToken } from './inventory.ts';
import { openKamal } from './kamal.ts';
import { localHosts } from './local-hosts.ts';
import { loggedDecisions } from './logged-decisions.ts';
import { startMetrics } from './metrics.ts';
import { serveController } from './serve.ts';
import { openSSH } from './ssh.ts';
import type { RunningController, StandaloneOptions } from './standalone.ts';
import { hostProbe, openTraffic } from './traffic.ts';

const LEASE_NAME = 'kamal-autoscaler';

/** Starts a controller against a Kubernetes API server; it acts while it holds the Lease. Errors are classified. */
export async function startInCluster(settings: Settings & { mode: { kind: 'Cluster' } }, options: StandaloneOptions): Promise<RunningController> {
  const { clock, log } = options;
  const { kubeconfig, context, namespace } = settings.mode;
  const connection = connect({ kubeconfig, context, namespace });
  const identity = processIdentity();
  const trouble = (error: unknown): void => log.log('warn', 'the API server is in trouble', { error: messageOf(error) });

  const store = new ClusterStore(openApi(connection), { clock, random: Math.random, instance: identity, onTrouble: trouble });
  const documents = new ConfigMapDocuments(openApi(connection), connection.namespace);
  await claimInstallation(documents, settings.installation);
  const lease = new LeaseElection(leaseObject(openApi(connection, { timeoutMilliseconds: LEASE_TIMEOUT_MILLISECONDS }), connection.namespace, LEASE_NAME), {
    clock, monotonic: () => performance.now(), random: Math.random, identity, onTrouble: trouble,
  });

  const metrics = startMetrics(settings.metrics, clock);
  // Nobody deploys from a pod: there it is asked over HTTP.
  const inventory = createInventoryPublication({ clock, leadership: lease, log, ...inventoryToken(settings) });
  const folder = join(settings.stateFolder, 'local');
  const local = await localHosts(settings, clock, { folder, ...options.local });
  const ssh = await openSSH(settings, clock);
  const labelsInTurn = oneAtATime();
  const { traefik, loadBalancer } = openTraffic(settings, clock, lease, ssh, labelsInTurn);
  const clouds = openClouds(settings, clock, ssh, labelsInTurn);
  const kamal = openKamal(settings, { clock, log, store, leadership: lease, ssh, sharedStore: `${connection.server} ${connection.namespace}` });
  const controller = startController({
    installation: settings.installation, clock, log, store, documents, decisionLog: loggedDecisions(createMemoryDecisionLog(), log), leadership: lease,
    providers: { Local: local.provider, Static: createStaticProvider({ documents, clock, vacate: local.vacate }), ...clouds.providers },
    ceilings: settings.ceilings, budgets: settings.budgets,
    deployer: createRoutedDeployer({ control: local.deployer, kamal: kamal.deployer, isKamals: ({ service }) => kamal.hasProject(service) }),
    deployLock: kamal.deployLock, loadBalancer, probe: hostProbe(), metrics: metrics.source, concurrency: 16,
    publishInventory: (value) => inventory.publish(value), authorizedKeys: authorizedKeysOf(ssh),
  });
  metrics.onSamples(controller.samplesArrived);
  const server = await serveController(settings, controller, { traefik, inventory, kamal, log });
  lease.start();
  log.log('info', 'runs', { mode: 'cluster', server: connection.server, credentials: connection.source, namespace: connection.namespace, address: settings.listen.address, port: server.port });

  return {
    controller,
    port: server.port,
    async stop() {
      // Work first, then the Lease, then the answers: the next leader must not begin while this one still acts.
      await controller.stop();
      await kamal.stop();
      await ssh?.ssh.close();
      clouds.close();
      await lease.stop();
      await server.close();
      await metrics.stop();
    },
  };
}
