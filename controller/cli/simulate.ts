import { type Command, Option } from 'commander';
import { printableJSON, withEscapes } from '../model/index.ts';
import type { Price } from '../simulate/index.ts';
import { backtestText } from './backtest-text.ts';
import type { Composition, Io } from './composition.ts';
import { CommandFailure, EXIT, asUsage } from './failure.ts';
import { suggestionText } from './suggestion-text.ts';
import type { BacktestRequest, LoadSource, WorldRequest } from './simulator.ts';

interface Flags {
  policy: string;
  trace?: string;
  log?: string;
  prometheus?: string;
  query?: string;
  days?: string;
  peak?: string;
  workers?: string;
  serviceTime?: string;
  hostLimit?: string;
  p95Limit?: string;
  boot?: string;
  drain?: string;
  scrape?: string;
  billing?: 'second' | 'hour';
  price?: string;
  currency: string;
  seed?: string;
  json?: boolean;
  suggest?: boolean;
  limitViolations?: string;
  html?: string;
}

const HELP = `
The load is one of --trace, --log and --prometheus. What is not given of a host
is estimated from the policy's targets and the log's durations, and printed.
docs/simulate.md explains the simulated world and every number.

Examples:
  kamal-autoscaler simulate --policy web.yaml --log kamal-proxy.log
  kamal-autoscaler simulate --policy web.yaml --trace rates.csv --html report.html
  kamal-autoscaler simulate --policy web.yaml --prometheus http://prometheus:9090 --days 14`;

export function addSimulate(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  program.command('simulate')
    .description('Show what a policy would have done on your traffic, beside others.')
    .requiredOption('--policy <file>', 'file with one ScalingPolicy, and its HostPool if you like')
    .option('--trace <file>', 'load: CSV of seconds,rps or time,rps')
    .option('--log <file>', "load: kamal-proxy's JSON log or an access log; .gz too")
    .option('--prometheus <url>', 'load: history of a Prometheus')
    .option('--query <promql>', "its query of requests a second; else the policy's own")
    .option('--days <n>', 'days of its history; 14')
    .option('--peak <rps>', 'scale the load to this peak')
    .option('--workers <n>', 'requests that a host works on at a time')
    .option('--service-time <s>', 'seconds of a request without waiting')
    .option('--host-limit <rps>', 'requests a second that a host can carry')
    .option('--p95-limit <s>', 'seconds that the P95 may take')
    .option('--boot <s>', 'seconds from order to service, as a median; 60')
    .option('--drain <s>', 'seconds for which a leaving host is still paid')
    .option('--scrape <s>', 'seconds between two samples; 15')
    .addOption(new Option('--billing <unit>', 'what a provider charges').choices(['second', 'hour']))
    .option('--price <n>', 'price of a host for an hour')
    .option('--currency <text>', 'what the price is in', '€')
    .option('--seed <n>', 'chance of boots and noise')
    .option('--suggest', 'search better numbers for the policy; print it')
    .option('--limit-violations <s>', 'with --suggest: seconds short a day at most')
    .option('--json', 'print everything as JSON')
    .option('--html <file>', 'write a page with charts, for anybody')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      if ((flags.limitViolations ?? flags.suggest) !== undefined) {
        await printSuggestion(flags, composition, io);
        finish(EXIT.done);
        return;
      }
      const report = await asUsage(composition.simulator.backtest(requestOf(flags), io));
      if (flags.html !== undefined) await asUsage(composition.simulator.writePage(flags.html, report));
      // Courses are for drawing: thousands of numbers that a reader of JSON did not ask for.
      if (flags.json === true) io.stdout(`${withEscapes(JSON.stringify(report, (key, value: unknown) => (key === 'course' ? undefined : value), 2))}\n`);
      else io.stdout(`${backtestText(report, io.columns).join('\n')}\n`);
      if (flags.html !== undefined) io.stderr(`wrote ${flags.html}\n`);
      finish(EXIT.done);
    });
}

async function printSuggestion(flags: Flags, { simulator }: Composition, io: Io): Promise<void> {
  if (flags.suggest !== true) throw new CommandFailure(EXIT.usage, '--limit-violations belongs to --suggest', 'write --suggest too');
  if (flags.limitViolations === undefined) throw new CommandFailure(EXIT.usage, '--suggest does not know how short the fleet may be', 'write --limit-violations SECONDS, such as 300 a day');
  if (flags.html !== undefined) throw new CommandFailure(EXIT.usage, '--html shows one policy, and --suggest searches among many', 'run simulate again with the suggested policy');
  const suggestion = await asUsage(simulator.suggest(requestOf(flags), readNumber('--limit-violations', flags.limitViolations, 0, 86_400), io));
  io.stdout(flags.json === true ? `${printableJSON(suggestion, 2)}\n` : `${suggestionText(suggestion, io.columns).join('\n')}\n`);
}

function requestOf(flags: Flags): BacktestRequest {
  const world: WorldRequest = {};
  const put = (key: Exclude<keyof WorldRequest, 'billing'>, flag: string, text: string | undefined, least: number, most: number): void => {
    if (text !== undefined) world[key] = readNumber(flag, text, least, most);
  };
  put('peakRate', '--peak', flags.peak, 0.001, 1e9);
  put('workers', '--workers', flags.workers, 1, 512);
  put('serviceSeconds', '--service-time', flags.serviceTime, 1e-5, 60);
  put('hostLimitRate', '--host-limit', flags.hostLimit, 0.001, 1e6);
  put('p95LimitSeconds', '--p95-limit', flags.p95Limit, 0.001, 600);
  put('bootSeconds', '--boot', flags.boot, 1, 3600);
  put('drainSeconds', '--drain', flags.drain, 0, 3600);
  put('scrapeSeconds', '--scrape', flags.scrape, 5, 300);
  if (flags.billing !== undefined) world.billing = flags.billing === 'hour' ? 'Hour' : 'Second';
  for (const [flag, value, step] of [['--workers', world.workers, 1], ['--scrape', world.scrapeSeconds, 5]] as const) {
    if (value !== undefined && value % step !== 0) throw new CommandFailure(EXIT.usage, `${flag} ${value} is no multiple of ${step}`, `write a multiple of ${step}`);
  }
  return {
    policyFile: flags.policy,
    load: loadOf(flags),
    world,
    price: priceOf(flags),
    seed: flags.seed === undefined ? 1 : readNumber('--seed', flags.seed, 0, Number.MAX_SAFE_INTEGER),
  };
}

function loadOf({ trace, log, prometheus, query, days }: Flags): LoadSource {
  const given = [trace, log, prometheus].filter((source) => source !== undefined).length;
  if (given !== 1) throw new CommandFailure(EXIT.usage, `${given === 0 ? 'no load is' : 'more than one load is'} given`, 'write one of --trace FILE, --log FILE and --prometheus URL');
  if (prometheus === undefined && (query ?? days) !== undefined) throw new CommandFailure(EXIT.usage, '--query and --days belong to --prometheus', 'leave them out, or write --prometheus URL');
  if (trace !== undefined) return { kind: 'Trace', file: trace };
  if (log !== undefined) return { kind: 'Log', file: log };
  return { kind: 'Prometheus', url: prometheus!, query, days: days === undefined ? 14 : readNumber('--days', days, 1, 366) };
}

const priceOf = ({ price, currency }: Flags): Price | undefined =>
  price === undefined ? undefined : { perHour: readNumber('--price', price, 0, 1e6), currency };

function readNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new CommandFailure(EXIT.usage, `${flag} ${JSON.stringify(text)} is no number from ${least} to ${most}`, `write a number from ${least} to ${most}`);
}
