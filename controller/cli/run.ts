import type { Command } from 'commander';
import type { Composition, DemoFlags, Io, RunFlags } from './composition.ts';
import { CommandFailure, EXIT, asUsage } from './failure.ts';

export function addRun(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  program.command('run')
    .description('Run the controller until interrupted.')
    .option('--config <dir>', 'standalone: folder of YAML documents to apply and watch')
    .option('--cluster', 'in a cluster: work on a Kubernetes API server')
    .option('--kubeconfig <file>', 'kubeconfig of the API server')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--namespace <ns>', "namespace of the controller's own lease and documents")
    .option('--installation <name>', 'name that every server carries; keep it')
    .option('--state <dir>', 'standalone: folder of the store')
    .option('--listen <address:port>', 'HTTP server: health, metrics, Traefik document')
    .option('--prometheus <url>', 'where metrics are; hosts are scraped without it')
    .option('--scrape-interval <seconds>', 'time between two samples of a metric')
    .option('--max-servers <list>', 'most servers a provider, such as Hetzner=20,DigitalOcean=5')
    .option('--budget <list>', 'most that a month may cost over all pools, such as EUR=600')
    .option('--kamal-projects <dir>', 'folder with a project of Kamal for each service')
    .option('--kamal <file>', 'kamal, where it is not on PATH')
    .option('--log-level <level>', 'debug, info, warn or error')
    .addHelpText('after', `
Most flags have a variable, such as KAMAL_AUTOSCALER_MAX_SERVERS; a flag goes
before it. Secrets come from variables or files only. docs/cli.md lists them.

Example:
  kamal-autoscaler run --config config/ --installation shop`)
    .action(async (flags: RunFlags) => finish(await asUsage(composition.run(flags, io))));
}

export function addDemo(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  program.command('demo')
    .description('Show a load spike on this machine, with the real controller; about 90 s.')
    .option('--seed <n>', 'chance of the load')
    .option('--svg <file>', 'write the plot of hosts over time to this file')
    .addHelpText('after', `
The exit code is 1 when a request failed or the hosts did not follow the load.

Example:
  kamal-autoscaler demo --svg demo.svg`)
    .action(async ({ seed, svg }: { seed?: string; svg?: string }) => {
      const flags: DemoFlags = { ...(seed !== undefined && { seed: readSeed(seed) }), ...(svg !== undefined && { svg }) };
      finish(await asUsage(composition.demo(flags, io)));
    });
}

function readSeed(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CommandFailure(EXIT.usage, `--seed ${JSON.stringify(text)} is no whole number`, 'write a whole number of at most 15 digits');
}
