/** A real Traefik that takes its routes and members from an HTTP endpoint, a folder of files, or both. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { locate } from '../../../hack/real-parts/locate.ts';
import { freePort } from './free-port.ts';
import { privateFolder, RealProcess } from './real-process.ts';

export interface TraefikOptions {
  /** The HTTP provider: polled for the whole dynamic configuration. */
  http?: {
    endpoint: string;
    /** Traefik duration; production's default is `5s`. */
    pollInterval: string;
    headers?: Readonly<Record<string, string>>;
  };
  /** The file provider: a folder that is watched for YAML and TOML files. */
  fileFolder?: string;
  /** Least time between two changes of the routes; Traefik's default is `2s`. */
  providersThrottleDuration?: string;
  /** Upper bounds of the duration histograms in seconds; Traefik's own are 0.1, 0.3, 1.2 and 5. */
  buckets?: readonly number[];
  /** How long Traefik waits for members, such as `dialTimeout`, as Traefik durations. */
  forwardingTimeouts?: Readonly<Record<string, string>>;
}

/** A service as Traefik's API shows it. */
export interface TraefikService {
  name: string;
  status: string;
  loadBalancer?: { servers?: { url: string }[] };
  /** By server URL; only where the service has a health check. */
  serverStatus?: Readonly<Record<string, 'UP' | 'DOWN'>>;
}

export interface Traefik extends AsyncDisposable {
  /** The entry point `web`, which the load goes to. */
  url: string;
  /** Root of the API: `${apiUrl}/api/http/services`. */
  apiUrl: string;
  metricsUrl: string;
  /** The service by its full name, such as `web@http`; undefined when Traefik does not know it. */
  service(name: string): Promise<TraefikService | undefined>;
  process: RealProcess;
  stop(): Promise<void>;
}

export async function startTraefik(options: TraefikOptions): Promise<Traefik> {
  const folder = await privateFolder('traefik');
  const file = join(folder, 'traefik.yml');
  const entryPoint = `127.0.0.1:${await freePort()}`;
  const inner = `127.0.0.1:${await freePort()}`;
  const apiUrl = `http://${inner}`;
  await writeFile(file, stringify(staticConfiguration(options, entryPoint, inner)));
  const process = await RealProcess.start(
    {
      name: 'traefik',
      command: await locate('traefik'),
      args: [`--configFile=${file}`],
      env: { HOME: folder },
      ready: async () => (await fetch(`${apiUrl}/ping`)).ok,
    },
    folder,
  );

  const service = async (name: string): Promise<TraefikService | undefined> => {
    const response = await fetch(`${apiUrl}/api/http/services/${encodeURIComponent(name)}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`Traefik's API answers ${response.status} for service ${name}: ${await response.text()}`);
    return (await response.json()) as TraefikService;
  };
  const stop = (): Promise<void> => process.stop();
  return { url: `http://${entryPoint}`, apiUrl, metricsUrl: `${apiUrl}/metrics`, service, process, stop, [Symbol.asyncDispose]: stop };
}

function staticConfiguration(options: TraefikOptions, entryPoint: string, inner: string): Record<string, unknown> {
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    entryPoints: { web: { address: entryPoint }, traefik: { address: inner } },
    api: { insecure: true, dashboard: false },
    ping: {},
    ...(options.forwardingTimeouts && { serversTransport: { forwardingTimeouts: options.forwardingTimeouts } }),
    metrics: {
      prometheus: {
        entryPoint: 'traefik',
        addEntryPointsLabels: true,
        addServicesLabels: true,
        ...(options.buckets && { buckets: options.buckets }),
      },
    },
    providers: {
      ...(options.providersThrottleDuration !== undefined && { providersThrottleDuration: options.providersThrottleDuration }),
      ...(options.http && { http: options.http }),
      ...(options.fileFolder !== undefined && { file: { directory: options.fileFolder, watch: true } }),
    },
  };
}
