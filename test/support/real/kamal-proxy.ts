/** A real kamal-proxy with its state, socket and home in a private folder, as each host of a fleet has one. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { locate } from '../../../hack/real-parts/locate.ts';
import { freePort } from './free-port.ts';
import { privateFolder, RealProcess } from './real-process.ts';

const run = promisify(execFile);

/** One line of `kamal-proxy list`. */
export interface ProxyRoute {
  service: string;
  host: string;
  path: string;
  /** Host and port, or several with commas. */
  target: string;
  state: string;
  tls: string;
}

export interface KamalProxy extends AsyncDisposable {
  /** Where it serves. It knows no bind address, so it listens on this port of every address of the machine. */
  url: string;
  port: number;
  metricsUrl: string;
  metricsPort: number;
  /**
   * Routes a service to a target (`127.0.0.1:PORT`) once it answers its health check; a target before it is drained.
   * `options` are further options of `kamal-proxy deploy`. Throws with the proxy's own words when it refuses.
   */
  deploy(service: string, target: string, options?: readonly string[]): Promise<void>;
  list(): Promise<ProxyRoute[]>;
  /** Any other command, such as `['stop', 'web']` or `['remove', 'web']`; answers what it printed. */
  command(args: readonly string[]): Promise<string>;
  process: RealProcess;
  stop(): Promise<void>;
}

export async function startKamalProxy(): Promise<KamalProxy> {
  const folder = await privateFolder('kamal-proxy');
  const program = await locate('kamal-proxy');
  const runtime = join(folder, 'run');
  await mkdir(runtime, { mode: 0o700 });
  // HOME takes the state, XDG_RUNTIME_DIR the socket: two proxies that share either would command each other.
  const env = { HOME: folder, XDG_RUNTIME_DIR: runtime };
  const port = await freePort();
  const metricsPort = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;

  const command = async (args: readonly string[]): Promise<string> => {
    const { stdout } = await run(program, [...args], { env, timeout: 120_000 });
    return stripVTControlCharacters(stdout);
  };
  const list = async (): Promise<ProxyRoute[]> => {
    const lines = (await command(['list'])).trimEnd().split('\n').slice(1);
    return lines.map((line) => {
      const [service = '', host = '', path = '', target = '', state = '', tls = ''] = line.trim().split(/\s+/);
      return { service, host, path, target, state, tls };
    });
  };

  const process = await RealProcess.start(
    {
      name: 'kamal-proxy',
      command: program,
      args: ['run', `--http-port=${port}`, '--https-port=0', `--metrics-port=${metricsPort}`],
      env,
      ready: async () => {
        // Commands go through a socket that opens apart from the ports.
        await list();
        return (await fetch(metricsUrl)).ok;
      },
    },
    folder,
  );

  const deploy = async (service: string, target: string, options: readonly string[] = []): Promise<void> => {
    await command(['deploy', service, `--target=${target}`, ...options]);
  };
  const stop = (): Promise<void> => process.stop();
  return { url, port, metricsUrl, metricsPort, deploy, list, command, process, stop, [Symbol.asyncDispose]: stop };
}
