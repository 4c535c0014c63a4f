import { expect } from 'chai';
import type { Stage } from '../../support/fake-hosts/stage.ts';
import { comparable, dockerCalls, normal, recordedSteps, sameSteps, stepsOf } from './replay/compare.ts';
import { COVERAGE, NOT_PLAYED } from './replay/coverage.ts';
import type { Scenario } from './replay/scenario.ts';
import { SCENARIOS } from './replay/scenarios/index.ts';
import { argvOf } from './replay/argv.ts';
import { hasTranscripts, type Invocation, readTranscript, transcriptFiles, transcriptFolder } from './replay/transcripts.ts';

describe('the stand-in for kamal beside recorded runs of the real one', function () {
  this.timeout(60_000);

  before(function () {
    if (hasTranscripts()) return;
    const message = `no recordings in ${transcriptFolder()}: set KAMAL_AUTOSCALER_SHARED to the folder that has kamal-transcripts/`;
    if (process.env['CI'] === 'true') throw new Error(message);
    console.warn(`SKIPPED the stand-in for kamal beside recorded runs: ${message}`);
    this.skip();
  });

  it('plays or names every recorded command, and as many as the table says', () => {
    const counted = Object.fromEntries(transcriptFiles().map((file) => {
      const of = readTranscript(file).length;
      const scenario = SCENARIOS.find((candidate) => candidate.file === file);
      const leftOut = scenario === undefined ? of : Object.keys(scenario.leftOut ?? {}).length;
      return [file, { played: of - leftOut, of }];
    }));
    expect(counted).to.deep.equal(COVERAGE);
    const unexplained = Object.keys(counted).filter((file) => !SCENARIOS.some((scenario) => scenario.file === file) && NOT_PLAYED[file] === undefined);
    expect(unexplained).to.deep.equal([]);
  });

  for (const scenario of SCENARIOS) {
    it(scenario.file, async () => {
      const invocations = readTranscript(scenario.file);
      await using stage = await scenario.stage();
      for (const [at, invocation] of invocations.entries()) {
        await scenario.before?.[at]?.(stage);
        if (scenario.leftOut?.[at] === undefined) await play(stage, scenario, at, invocation);
      }
      await scenario.after?.(stage);
    });
  }
});

async function play(stage: Stage, scenario: Scenario, at: number, recorded: Invocation): Promise<void> {
  const where = `${scenario.file} #${at}: ${recorded.line}`;
  const callsBefore = new Map(stage.addresses().map((address) => [address, stage.host(address).dockerCalls.length]));
  const argv = scenario.argv?.[at] ?? argvOf(recorded.line);
  const { VERSION: version, ...env } = recorded.env;
  const result = await stage.kamal(argv, { ...env, ...(version === undefined ? {} : { VERSION: version }) });
  const lines = (text: string): string[] => text.replace(/\n$/, '').replaceAll(`${stage.folder}/ssh`, 'lab/ssh').replaceAll(stage.folder, 'lab/app').split('\n').filter((line, place, all) => all.length > 1 || line !== '' || place > 0);
  const stdout = lines(result.stdout);

  expect(result.status, `${where}: exit status, having printed\n${result.stdout}${result.stderr}`).to.equal(recorded.exit);
  if (scenario.stepsOnly?.includes(at) !== true) {
    const reading = { withoutLog: recorded.withoutLog, anyOrder: /^(?:app (?:version|details|containers|images)|server exec)/.test(argv.slice(0, 2).join(' ')) };
    expect(comparable(stdout, reading), where).to.deep.equal(comparable(recorded.stdout, reading));
    expect(lines(result.stderr).map(normal), `${where}: stderr`).to.deep.equal(recorded.stderr.map(normal));
  }
  if (recorded.steps !== undefined) {
    const [ours, theirs] = [stepsOf(stdout), recordedSteps(recorded.steps)];
    if (!sameSteps(ours, theirs)) expect(ours, `${where}: steps`).to.deep.equal(theirs);
  }
  for (const { host, extent, calls } of recorded.docker) compareCalls(stage, callsBefore, host, extent, calls, where);
  if (recorded.hooks.length > 0) expect(hookLines(stage).slice(-recorded.hooks.length), `${where}: hooks`).to.deep.equal(recorded.hooks);
}

function compareCalls(stage: Stage, before: ReadonlyMap<string, number>, host: string, extent: 'all' | 'tail' | 'loose', calls: readonly string[], where: string): void {
  if (extent === 'loose') {
    const all = stage.addresses().flatMap((address) => stage.host(address).dockerCalls.map(normal));
    for (const call of calls) expect(all, `${where}: docker`).to.include(normal(call));
    return;
  }
  const made = stage.host(host).dockerCalls;
  const wanted = dockerCalls(calls);
  expect(dockerCalls(extent === 'all' ? made.slice(before.get(host) ?? 0) : made).slice(extent === 'all' ? 0 : -wanted.length || made.length), `${where}: docker on ${host}`).to.deep.equal(wanted);
}

const hookLines = (stage: Stage): string[] => stage.hookRuns.map(({ hook, env }) => {
  const of = (name: string): string => env[`KAMAL_${name}`] ?? '';
  return `HOOK ${hook} cmd=${of('COMMAND')} sub=${of('SUBCOMMAND')} hosts=${of('HOSTS')} roles=${of('ROLES')} ver=${of('VERSION')} lock=${of('LOCK')} dest=${of('DESTINATION')} performer=${of('PERFORMER')}`;
});
