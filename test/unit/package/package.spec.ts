import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { freePort } from '../../support/real/free-port.ts';
import { until } from '../../support/real/until.ts';
import { type PackedPackage, packedPackage } from './packed.ts';

interface Result { code: unknown; stdout: string; stderr: string }

describe('the installed package', function () {
  this.timeout(120_000);
  let packed: PackedPackage;
  let folder: string;
  before(async () => {
    packed = await packedPackage();
    folder = await mkdtemp(join(tmpdir(), 'installed-'));
  });
  after(async () => {
    await packed?.remove();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** A process in a folder of its own: neither the repository nor its environment helps. */
  const start = (command: string, args: readonly string[]) =>
    spawn(command, args, { cwd: folder, env: { PATH: [join(process.execPath, '..'), '/usr/bin', '/bin'].join(delimiter), HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] });

  async function result(child: ReturnType<typeof start>): Promise<Result> {
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code, stdout, stderr };
  }

  const call = (...args: string[]): Promise<Result> => result(start(packed.bin, args));

  async function called(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await call(...args);
    expect({ code, stderr }, args.join(' ')).to.deep.equal({ code: 0, stderr: '' });
    return stdout;
  }

  it('holds the program, its resources and its pages, and nothing of its making', async () => {
    const folders = new Set(packed.files.map((file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file)));
    expect([...folders].sort()).to.deep.equal(['LICENSE', 'README.md', 'crds', 'dist', 'docs', 'manifests', 'package.json']);
    expect(packed.files.filter((file) => /\.tsx?$|\.spec\.|\.map$|(^|\/)tests?\//.test(file))).to.deep.equal([]);
    expect(packed.files).to.include.members([
      'dist/launcher.cjs', 'dist/main.js', 'dist/act/cloud/local/host/main.js', 'crds/hostpools.yaml', 'crds/scalingpolicies.yaml', 'crds/kamalhosts.yaml',
      'crds/deploysessions.yaml', 'manifests/samples/web.yaml', 'manifests/rbac.yaml', 'docs/cli.md', 'docs/reference.md',
    ]);
    await access(packed.bin, constants.X_OK);
  });

  it('imports its own dependencies and nothing else', async () => {
    const sources = await Promise.all(packed.files.filter((file) => /^dist\/.*\.c?js$/.test(file)).map((file) => readFile(join(packed.folder, file), 'utf8')));
    const specifiers = sources.flatMap((source) =>
      [...source.matchAll(/^(?:import|export)\s(?:[^'"`;=()]*\sfrom\s)?['"]([^'"\n]+)['"]|\b(?:import|require)\(['"]([^'"\n]+)['"]\)/gm)].map(([, from, called]) => from ?? called ?? ''));
    const outside = specifiers.filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier));
    const packages = new Set(outside.map((specifier) => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')));
    expect(packages).to.include('commander');
    expect([...packages].filter((name) => !(name in packed.manifest.dependencies))).to.deep.equal([]);
  });

  it('says what it can do and which version it is', async () => {
    expect(await called('--help')).to.match(/^Usage: kamal-autoscaler/).and.to.include('Exit codes:');
    expect(await called('version')).to.equal(`${packed.manifest.version}\n`);
  });

  it('backtests a policy on its worker threads, and writes the page with the charts', async () => {
    const load = join(folder, 'load.csv');
    await writeFile(load, ['seconds,rps', ...Array.from({ length: 48 }, (_, hour) => `${hour * 300},${100 + 60 * Math.sin(hour / 4)}`)].join('\n'));
    const page = join(folder, 'report.html');
    const { code, stdout, stderr } = await call('simulate', '--policy', join(packed.folder, 'manifests', 'samples', 'evaluate-web.yaml'), '--trace', load, '--html', page);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: `wrote ${page}\n` });
    expect(stdout).to.match(/^your policy +1\.\d\d/m);
    expect(await readFile(page, 'utf8')).to.include('uPlot');
  });

  it('finds its own samples valid', async () => {
    const samples = join(packed.folder, 'manifests', 'samples');
    expect(await called('validate', samples)).to.equal('13 documents, no error\n');
    const broken = join(folder, 'broken.yaml');
    await writeFile(broken, 'kind: [\n');
    const { code, stdout } = await call('validate', samples, broken);
    expect(code).to.equal(1);
    expect(stdout).to.match(/broken\.yaml:\d+:\d+: /);
  });

  it('runs, buys and gives back a host while other processes look and scale, and ends without a trace', async () => {
    const [config, state] = [join(folder, 'config'), join(folder, 'state')];
    await mkdir(config);
    await writeFile(join(config, 'jobs.yaml'), stringify({
      apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: { name: 'jobs' },
      spec: { kamal: { service: 'shop', role: 'job' }, roleKind: 'Job', maxReplicas: 2, placements: [{ name: 'here', provider: 'Local', local: { bootMilliseconds: 100 } }], drain: { timeoutSeconds: 1 } },
    }));
    const port = await freePort();
    const controller = start(packed.bin, ['run', '--config', config, '--installation', 'packed', '--state', state, '--listen', `127.0.0.1:${port}`]);
    const ended = result(controller);
    const pids = new Set<number>();
    try {
      await until('the controller is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
      expect(await called('scale', 'jobs', '--replicas', '1', '--state', state)).to.equal('hostpool/jobs scaled to 1 host\n');
      await until('the bought host serves', async () => /^kamal_autoscaler_hosts{pool="default\/jobs",state="ready"} 1$/m.test(await metrics(port)), { deadlineMs: 40_000 });
      for (const pid of await hostProcesses(state)) pids.add(pid);
      expect(pids.size).to.equal(1);
      expect(await called('get', 'hp,kh', '--state', state)).to.match(/jobs-0-\w+ .*InService/);
      expect(await called('describe', 'hp', 'jobs', '--state', state)).to.match(/jobs-0-\w+/);

      await called('pause', 'jobs', '--state', state);
      await called('scale', 'jobs', '--replicas', '0', '--state', state);
      await until('the pool is paused', async () => (await pool(state)).status?.state === 'Paused');
      expect(await hostProcesses(state)).to.deep.equal([...pids]);
      await called('resume', 'jobs', '--state', state);
      await until('the host is given back', async () => (await hostProcesses(state)).length === 0, { deadlineMs: 40_000 });
    } finally {
      controller.kill('SIGTERM');
      const { code, stdout, stderr } = await ended;
      expect({ code, stdout }, stderr).to.deep.equal({ code: 0, stdout: '' });
    }
    expect([...pids].filter(isAlive)).to.deep.equal([]);
    expect(await called('get', 'hp', '--state', state)).to.match(/^jobs /m);
  });

  const metrics = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

  interface Pool { spec: { replicas?: number }; status?: { state?: string } }
  const pool = async (state: string): Promise<Pool> => JSON.parse(await called('get', 'hp', 'jobs', '-o', 'json', '--state', state)) as Pool;

  it('says on an older Node which one it needs', async () => {
    const older = await olderNode();
    // Where no older one is installed, this one calls itself so.
    const disguise = join(folder, 'older.cjs');
    await writeFile(disguise, 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.19.0" } });\n');
    const child = older === undefined ? start(process.execPath, ['--require', disguise, packed.bin, 'version']) : start(older, [packed.bin, 'version']);
    const { code, stdout, stderr } = await result(child);
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/^error: kamal-autoscaler needs Node 24 or newer, this is Node \d+\.\d+\.\d+ \(.+\)\nmend: install Node 24 .+\n$/);
  });
});

/** Processes of the local hosts, as their records name them. */
async function hostProcesses(state: string): Promise<number[]> {
  const records = join(state, 'local');
  const files = (await readdir(records, { recursive: true })).filter((name) => /process[^/]*$/.test(name));
  const pids = await Promise.all(files.map(async (name) => (JSON.parse(await readFile(join(records, name), 'utf8')) as { pid: number }).pid));
  return pids.filter(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A Node on this machine that is too old for the program; undefined where there is none. */
async function olderNode(): Promise<string | undefined> {
  const candidates = [...new Set([...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin'])].map((place) => join(place, 'node'));
  for (const candidate of candidates) {
    const version = await promisify(execFile)(candidate, ['--version']).then(({ stdout }) => stdout, () => undefined);
    const major = Number(/^v(\d+)\./.exec(version ?? '')?.[1] ?? Infinity);
    // Older ones than these do not know import() in a script.
    if (major >= 14 && major < 24) return candidate;
  }
  return undefined;
}
