import { createRoutedDeployer } from '../act/deploy/routed.ts';
import { createStaticProvider } from '../act/cloud/static.ts';
import type { Io, StoreLocation } from '../cli/index.ts';
import { type Audit, ClassifiedError, oneAtATime } from '../model/index.ts';
import type { Documents, Leadership } from '../ports/index.ts';
import { auditInstallation } from '../reconcile/audit.ts';
import { systemClock } from '../runtime/clock.ts';
import { readSettings } from '../runtime/settings.ts';
import { openClouds } from './clouds.ts';
import { withEnvFile } from './environment.ts';
import { processLog } from './io-log.ts';
import { openKamal } from './kamal.ts';
import { localDeployer, readLocalHosts } from './local-hosts.ts';
import { open } from './open.ts';
import { openSSH } from './ssh.ts';
import { openTraffic } from './traffic.ts';

/** Never leads: whatever only a leader may do is not done. */
const BESIDE: Leadership = { isLeader: () => false, onChange: () => undefined };

/** The adapters that look, beside a controller that may run: of each, an audit is given what only reads. */
export async function audit(where: StoreLocation, namespace: string | undefined, io: Io): Promise<Audit> {
  const environment = withEnvFile(io.env);
  const opened = await open(where, io);
  const endings: (() => Promise<void> | void)[] = [() => opened.close()];
  try {
    const { store, documents } = opened;
    const installation = await installationOf(documents);
    const settings = readSettings({ installation, ...(where.kind === 'Standalone' ? { config: '.', ...(where.state === undefined ? {} : { state: where.state }) } : { cluster: true }) }, environment);
    const ssh = await openSSH(settings, systemClock);
    const kamal = openKamal(settings, { clock: systemClock, log: processLog('warn', () => io.now()), store, leadership: BESIDE, ssh, sharedStore: 'audit' });
    endings.push(() => kamal.stop());
    const labelsInTurn = oneAtATime();
    const clouds = openClouds(settings, systemClock, ssh, labelsInTurn);
    endings.push(() => clouds.close());
    const spare = createStaticProvider({ documents, clock: systemClock, vacate: async () => { throw new ClassifiedError('NotLeader', 'an audit gives nothing back'); } });
    return await auditInstallation({
      installation, store, documents, clock: systemClock, loadBalancer: openTraffic(settings, systemClock, BESIDE, ssh, labelsInTurn).loadBalancer,
      // In a cluster the host processes are on the machine of the controller, and this is another one.
      providers: { Static: spare, ...(where.kind === 'Standalone' ? { Local: readLocalHosts(settings, systemClock) } : {}), ...clouds.providers },
      // Where Kamal is not set up here, its lock is one more thing that could not be asked.
      deployer: createRoutedDeployer({ control: localDeployer(systemClock), kamal: { ...kamal.deployer, needsLock: () => true }, isKamals: ({ service }) => kamal.hasProject(service) }),
      deployLock: kamal.deployLock,
    }, namespace);
  } finally {
    for (const end of endings.toReversed()) await end();
  }
}

async function installationOf(documents: Documents): Promise<string> {
  const stored = await documents.load('installation');
  const name = (stored?.value as { installation?: unknown } | null | undefined)?.installation;
  if (typeof name === 'string') return name;
  throw new ClassifiedError('Unavailable', 'no controller has run with this store yet, so nothing says whose servers to compare', { mend: 'start `kamal-autoscaler run` once' });
}
