import type { Command } from 'commander';
import type { Composition, EvaluateFlags, Io } from './composition.ts';
import { CommandFailure, EXIT, asUsage } from './failure.ts';

const BILLINGS = ['Hour', 'Second'] as const;

export function addEvaluate(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  program.command('evaluate')
    .description('Decide for each line of JSON on standard input, as the controller would.')
    .requiredOption('--policy <file>', 'YAML file of a ScalingPolicy and, if you like, its HostPool')
    .option('--billing <unit>', 'how hosts are charged: Hour or Second', 'Second')
    .option('--history <file>', 'CSV of time,rps by the minute, ending where the input begins')
    .addHelpText('after', `
One line of input is what was seen at one time:
  {"time":"2026-11-23T12:00:15Z","metrics":{"rps":812.4,"p95":0.142},
   "hosts":{"inService":8,"warming":1,"booting":2,"draining":0}}
metrics has the policy's metrics by name, and rpsLatest and inFlight; null or
missing is an absence. bootSeconds (boots that ended since the last line) and
launchedAt (creation of the hosts in service) are optional. One line of output
is the decision; desired counts booting hosts too. A bad line ends it with
exit code 2. docs/cli.md has it all.

Example:
  kamal-autoscaler evaluate --policy policy.yaml < incident.ndjson`)
    .action(async ({ policy, billing, history }: { policy: string; billing: string; history?: string }) => {
      const unit = BILLINGS.find((known) => known === billing);
      if (unit === undefined) throw new CommandFailure(EXIT.usage, `--billing ${JSON.stringify(billing)} is unknown`, 'write Hour or Second');
      const flags: EvaluateFlags = { policy, billing: unit, ...(history !== undefined && { history }) };
      finish(await asUsage(composition.evaluate(flags, io)));
    });
}
