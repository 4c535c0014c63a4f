import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { evaluate } from '../../../controller/compose/evaluate.ts';
import type { EvaluateFlags, Io } from '../../../controller/cli/index.ts';
import { isClass } from '../../../controller/model/index.ts';

const SAMPLE = join(import.meta.dirname, '..', '..', '..', 'manifests', 'samples', 'evaluate-web.yaml');
const START = Date.UTC(2026, 10, 23, 12);

const lineAt = (second: number, rps: number | null, inService = 10, rest: Record<string, unknown> = {}): string => JSON.stringify({
  time: new Date(START + second * 1000).toISOString(), metrics: { rps, rpsLatest: rps, p95: 0.1, inFlight: 40 },
  hosts: { inService, warming: 0, booting: 0, draining: 0 }, ...rest,
});

/** Runs the filter over pieces of text; `seen` has what was written when each piece was asked for. */
async function filter(pieces: readonly string[], flags: Partial<EvaluateFlags> = {}, signal = new AbortController().signal) {
  let [stdout, stderr] = ['', ''];
  const seen: string[] = [];
  const io: Io = {
    stdout: (text) => void (stdout += text), stderr: (text) => void (stderr += text), env: {}, now: () => START, columns: 80, isTTY: false, signal,
    async *stdin() {
      for (const piece of pieces) {
        seen.push(stdout);
        yield piece;
      }
      seen.push(stdout);
    },
  };
  const exitCode = await evaluate({ policy: SAMPLE, billing: 'Second', ...flags }, io);
  return { exitCode, stderr, seen, decisions: stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('evaluate', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evaluate-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('answers each line before it asks for the next, however the lines are cut', async () => {
    const text = `${lineAt(0, 700)}\n${lineAt(15, 700)}\n${lineAt(30, 700)}`;
    const { seen, decisions, exitCode } = await filter([text.slice(0, 50), text.slice(50, -20), text.slice(-20)]);
    expect(exitCode).to.equal(0);
    expect(seen.map((written) => written.split('\n').length - 1)).to.deep.equal([0, 0, 2, 2]);
    expect(decisions.map(({ time }) => time)).to.deep.equal([0, 15, 30].map((second) => new Date(START + second * 1000).toISOString()));
  });

  it('is one stream: what was learned from earlier lines counts', async () => {
    const lines = Array.from({ length: 80 }, (_, index) => lineAt(index * 15, 300));
    const { decisions } = await filter([`${lines.join('\n')}\n`]);
    expect(decisions[0]!['desired']).to.equal(10);
    expect(decisions.at(-1)!['desired']).to.be.below(10);
  });

  it('stops at a bad line with its number, after the decisions before it', async () => {
    const { exitCode, stderr, decisions } = await filter([`${lineAt(0, 700)}\n`, `${lineAt(15, 700)}\n{"time":"noon"}\n${lineAt(30, 700)}\n`]);
    expect(exitCode).to.equal(2);
    expect(stderr).to.equal('error: line 3 time is "noon": write RFC 3339, such as "2026-11-23T12:00:15Z"\n');
    expect(decisions).to.have.length(2);
  });

  it('refuses a line without an end', async () => {
    const { exitCode, stderr } = await filter(['x'.repeat(600_000), 'x'.repeat(600_000)]);
    expect([exitCode, stderr]).to.deep.equal([2, 'error: line 1 is longer than 1000000 characters\n']);
  });

  it('lets no host go in the middle of a paid hour, where hours are charged', async () => {
    const launchedAt = Array.from({ length: 10 }, () => new Date(START - 600_000).toISOString());
    const lines = Array.from({ length: 80 }, (_, index) => lineAt(index * 15, 300, 10, { launchedAt }));
    const { decisions } = await filter([lines.join('\n')], { billing: 'Hour' });
    expect(new Set(decisions.map(({ desired }) => desired))).to.deep.equal(new Set([10]));
    expect(decisions.at(-1)).to.include({ heldBy: 'PaidHour' });
  });

  it('takes a history, and says what is wrong with one', async () => {
    const history = join(folder, 'history.csv');
    await writeFile(history, `time,rps\n${Array.from({ length: 1440 }, (_, minute) => `${new Date(START - (1440 - minute) * 60_000).toISOString()},700`).join('\n')}\n`);
    expect((await filter([lineAt(0, 700)], { history })).exitCode).to.equal(0);
    for (const [text, message] of [['seconds,rps\n0,1\n60,2\n', /has seconds/], ['time,rps\nnoon,1\n', /history\.csv:2: time "noon" is no time/]] as const) {
      await writeFile(history, text);
      let refused: unknown;
      await filter([lineAt(0, 700)], { history }).catch((error: unknown) => (refused = error));
      expect(isClass(refused, 'Invalid')).to.equal(true);
      expect((refused as Error).message).to.match(message);
    }
  });

  it('keeps the floors of schedules', async () => {
    const file = join(folder, 'policy.yaml');
    await writeFile(file, `
apiVersion: kamal-autoscaler.dev/v1alpha1
kind: ScalingPolicy
metadata: {name: web}
spec:
  targetRef: {name: web}
  maxHosts: 20
  metrics: [{name: rps, target: 70}]
  schedules:
    - {name: lunch, start: "0 13 * * *", end: "0 14 * * *", timeZone: Europe/Berlin, hosts: 8}
`);
    const { decisions } = await filter([`${lineAt(-600, 70, 2)}\n${lineAt(0, 70, 2)}\n${lineAt(3600, 70, 2)}\n`], { policy: file });
    expect(decisions.map(({ limitedBy }) => (limitedBy as { reason: string }[]).map(({ reason }) => reason))).to.deep.equal([[], ['schedule lunch'], []]);
    expect(decisions[1]!['desired']).to.equal(8);
  });
});
