/** Failures that really happen, on hosts of this process or in the project, and what the deployer makes of Kamal's words. */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { createKamalRuns, type KamalOrder, type KamalRuns } from '../../../controller/act/deploy/kamal/kamal-runs.ts';
import { failureOfEnd } from '../../../controller/act/deploy/kamal/read-end.ts';
import { readFailure } from '../../../controller/act/deploy/kamal/read-failure.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import { createKamalHomes } from '../../../controller/act/ssh/index.ts';
import type { ErrorClass, OperationFact } from '../../../controller/model/index.ts';
import type { Clock, DeployTarget, Operation } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { makeRegistry } from '../../support/fake-hosts/docker/registry.ts';
import { answering, type FakeHost, makeHost, type Override } from '../../support/fake-hosts/host.ts';
import { type HostServer, makeKeyPair, serveHost } from '../../support/fake-hosts/ssh-server.ts';
import { deployFile, type KamalWorld, ROLE, startKamalWorld } from '../../support/kamal-deployer/world.ts';
import { until } from '../../support/real/until.ts';
import { clientKeyOf, sshTarget } from '../../support/ssh-targets.ts';
import { missingTranscripts } from './transcripts.ts';

const HOST = '10.0.0.11';
const STRICT = 'Host *\n  StrictHostKeyChecking yes\n  ConnectTimeout 1\n';

interface Case {
  what: string;
  /** Texts of the table of failures that Kamal prints for it. */
  texts: readonly string[];
  happens(world: KamalWorld): Promise<unknown> | void;
  class: ErrorClass;
  replaceHost: boolean;
  says: RegExp;
  operation?: Partial<Operation>;
  target?: Partial<DeployTarget>;
}

const fails = (pattern: RegExp, stderr: string, status = 1): Override => answering(pattern, { status, stderr });
const onHost = (override: Override) => (world: KamalWorld): void => void world.host(HOST).overrides.unshift(override);
const later = { replaceHost: false } as const;
const replace = { replaceHost: true } as const;
const JOB = { service: 'app', role: 'job' };

const CASES: readonly Case[] = [
  { what: 'a host that refuses SSH', texts: ['ECONNREFUSED'], happens: ({ stage }) => void stage.routes.set(HOST, 'Refused'), class: 'Unavailable', ...later, says: /refuses SSH connections.*ECONNREFUSED/ },
  {
    what: 'a host whose packets are lost', texts: ['ConnectionTimeout'], class: 'Unavailable', ...later, says: /does not answer SSH in time.*ConnectionTimeout/,
    happens: async ({ stage }) => {
      stage.routes.set(HOST, 'Black hole');
      await stage.write('.ssh/config', 'Host *\n  ConnectTimeout 1\n');
    },
  },
  { what: 'a host without a way to it', texts: [], happens: ({ stage }) => void stage.routes.set(HOST, 'No route'), class: 'Unavailable', ...later, says: /no network leads/ },
  { what: 'a host that hangs up', texts: [], happens: ({ stage }) => void (stage.server(HOST).manner = 'Hanging up'), class: 'Unavailable', ...later, says: /closed the SSH connection/ },
  { what: 'a host that refuses the key', texts: [], happens: ({ stage }) => stage.write('projects/app/ssh/id_ed25519', makeKeyPair().privateKey), class: 'Unauthorized', ...later, says: /refuses the SSH key/ },
  {
    what: 'a host that dies under a command', texts: ['Net::SSH::Timeout'], class: 'Unavailable', ...replace, says: /stopped answering.*Net::SSH::Timeout/,
    happens: ({ stage }) => {
      stage.keepalive = { intervalMs: 20, unanswered: 2 };
      stage.host(HOST).beforeCommand = (command) => {
        if (!command.startsWith('docker pull')) return;
        stage.server(HOST).freeze();
        return new Promise(() => undefined);
      };
    },
  },
  {
    what: 'another host key', texts: ['HostKeyMismatch'], class: 'HostKey', ...later, says: /HostKeyMismatch/,
    happens: async ({ stage }) => {
      await stage.write('.ssh/config', STRICT);
      await stage.write('.ssh/known_hosts', `${HOST} ${makeKeyPair().publicLine}\n`);
    },
  },
  { what: 'a host key that nobody pinned', texts: ['HostKeyUnknown'], happens: ({ stage }) => stage.write('.ssh/config', STRICT), class: 'HostKey', ...later, says: /HostKeyUnknown/ },

  { what: 'a registry that is down', texts: ['connect: connection refused'], happens: ({ stage }) => void (stage.registry.state = 'Down'), class: 'Transient', ...later, says: /connect: connection refused/ },
  { what: 'a registry that limits pulls', texts: [], happens: ({ stage }) => void (stage.registry.state = 'Limiting'), class: 'RateLimited', ...later, says: /toomanyrequests/ },
  { what: 'a version that was never pushed', texts: ['manifest … not found'], happens: () => undefined, operation: { version: 'nosuch' }, class: 'NotFound', ...later, says: /manifest for \S+ not found/ },
  { what: 'a wrong password', texts: ['401 Unauthorized'], happens: ({ stage }) => void (stage.registry.credentials.password = 'changed'), class: 'Unauthorized', ...later, says: /401 Unauthorized/ },
  {
    what: 'a login that is lost between look and start', texts: ['no basic auth credentials'], class: 'Unauthorized', ...later, says: /no basic auth credentials/,
    happens: ({ stage, host }) => void host(HOST).overrides.unshift((argv) => {
      if (argv[0] !== 'run' || !argv.includes('app-web-v1')) return undefined;
      Object.assign(stage.host(HOST).docker, { loggedIn: false });
      stage.host(HOST).docker.images.clear();
      return undefined;
    }),
  },
  { what: 'an image of something else', texts: [], happens: ({ stage }) => stage.registry.publish('registry.test:5000/acme/app:v1', { labels: {} }), class: 'Invalid', ...later, says: /not built by Kamal for this service/ },

  { what: 'a full disk', texts: ['no space left on device'], happens: onHost(fails(/^pull/, 'failed to register layer: Error processing tar file(exit status 1): write /app: no space left on device\n')), class: 'Transient', ...replace, says: /no space left on device/ },
  { what: 'an app that never gets healthy', texts: ['target failed to become healthy'], happens: ({ stage }) => stage.registry.publish('registry.test:5000/acme/app:v1', { labels: { service: 'app' }, behaviour: 'Unhealthy' }), class: 'Transient', ...replace, says: /target failed to become healthy/ },
  {
    what: 'a worker that ends at once', texts: ['Healthcheck::Error'], class: 'Transient', ...replace, says: /Healthcheck::Error/, target: { role: JOB },
    happens: async (world) => {
      await world.deployFile(deployFile('web: [10.0.0.2]\n  job:\n    hosts: <%= ENV.fetch("KAMAL_AUTOSCALE_EXTRA_JOB","").split(",").to_json %>').concat('allow_empty_roles: true\n'));
      world.stage.registry.publish('registry.test:5000/acme/app:v1', { labels: { service: 'app' }, behaviour: 'Crashing' });
    },
  },
  {
    what: 'no Docker, and no way to fetch it', texts: [], class: 'Invalid', ...later, says: /no Docker on the host/,
    happens: onHost(fails(/^-v$/, '')),
  },
  { what: 'what Kamal has never said', texts: [], happens: onHost(fails(/^pull/, 'the moon is in the way of hunter2hunter2\n')), class: 'Unrecognised', ...later, says: /the moon is in the way of \[REDACTED\]/ },

  { what: 'a configuration that Kamal refuses', texts: ['ConfigurationError'], happens: (world) => world.deployFile(deployFile('web: [10.0.0.2, ~]')), class: 'Invalid', ...later, says: /ConfigurationError\): servers\/web\/1: should be a string or a hash/ },
  { what: 'a configuration that wants a destination', texts: ['ArgumentError'], happens: (world) => world.deployFile(`${deployFile()}require_destination: true\n`), class: 'Invalid', ...later, says: /ArgumentError\): You must specify a destination/ },
  {
    what: 'a hook that fails', texts: ['HookError'], class: 'Invalid', ...later, says: /Hook `pre-deploy` failed/, target: { role: { ...ROLE, hooks: ['pre-deploy'] } },
    happens: async ({ stage }) => {
      await stage.write('projects/app/.kamal/hooks/pre-deploy', '#!/bin/sh\n');
      stage.hookResults.set('pre-deploy', { status: 1, stdout: '', stderr: 'no migrations on Fridays\n' });
    },
  },
  { what: 'a machine without git', texts: [], happens: ({ stage }) => void (stage.git.missing = true), class: 'Invalid', ...later, says: /needs git/ },
];

describe('the Kamal deployer, when something really fails', () => {
  let world: KamalWorld;
  beforeEach(async () => {
    world = await startKamalWorld([HOST]);
    world.publish('v1');
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const perform = async (operation: Partial<Operation>, target: Partial<DeployTarget> = {}): Promise<OperationFact> => {
    await world.deployer.start({ id: 'one', kind: 'Deploy', version: 'v1', ...operation, target: world.target(HOST, target) });
    return until('the operation ends', () => {
      const fact = world.deployer.observe('one');
      return fact.kind === 'Running' ? undefined : fact;
    }, { everyMs: 10 });
  };

  for (const { what, happens, operation, target, says, class: errorClass, replaceHost } of CASES) {
    it(`takes ${what} for ${errorClass}${replaceHost ? ', and replaces the host' : ''}`, async () => {
      await happens(world);
      const fact = await perform(operation ?? {}, target);
      expect(fact, JSON.stringify(fact)).to.include({ kind: 'Failed', class: errorClass, replaceHost });
      expect(fact).to.have.property('message').that.matches(says).and.does.not.include('regpw').and.does.not.include('hunter2');
    });
  }

  it('takes a deploy of somebody who meets a held lock for Locked', async () => {
    await world.stage.kamal(['lock', 'acquire', '-p', '-m', 'mine', '--version=v1'], {}, `${world.stage.folder}/projects/app`);
    const { status, stdout, stderr } = await world.stage.kamal(['setup', '-P', '--version=v1'], {}, `${world.stage.folder}/projects/app`);
    expect(status).to.equal(1);
    expect(readFailure({ stdout, stderr }, createRedactor([]))).to.include({ class: 'Locked', replaceHost: false }).and.to.have.property('message').that.includes('LockError');
  });

  it('takes maintenance of what the proxy has forgotten meanwhile for drained', async () => {
    await perform({});
    world.host(HOST).overrides.unshift((argv) => {
      if (argv.includes('stop') && argv[0] === 'exec') world.host(HOST).docker.services.clear();
      return undefined;
    });
    expect(await perform({ id: 'two', kind: 'Quiesce', drainSeconds: 1 })).to.deep.equal({ kind: 'Succeeded' });
  });

  it('has a case for every text of the table of failures', function () {
    const missing = missingTranscripts();
    if (missing !== undefined) {
      if (process.env['CI'] === 'true') throw new Error(missing);
      console.warn(`SKIPPED the table of failures: ${missing}`);
      this.skip();
    }
    const shared = process.env['KAMAL_AUTOSCALER_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared');
    const section = /^## Reading a failure$([\s\S]*?)^## /m.exec(readFileSync(join(shared, 'facts/kamal.md'), 'utf8'))?.[1] ?? '';
    // The first column alone; `deploy_timeout` there is a setting.
    const texts = section.split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')).filter((text) => text !== 'deploy_timeout');
    expect(texts).to.have.members([...CASES.flatMap((one) => one.texts), 'LockError']);
  });
});

const LIMIT_SECONDS = 777;

const whenAborted = (signal: AbortSignal | undefined): Promise<void> => new Promise((resolve) => {
  if (signal?.aborted === true) resolve();
  signal?.addEventListener('abort', () => resolve(), { once: true });
});

describe('runs of Kamal as processes', function () {
  this.timeout(60_000);
  const program = resolve(import.meta.dirname, '../../support/kamal-stand-in/kamal');
  const [hostKey, client] = [makeKeyPair(), makeKeyPair()];
  let folder: string;
  let host: FakeHost;
  let server: HostServer;
  let runs: KamalRuns;
  /** Resolves when the time limit of a run is over; the clock itself never says so. */
  let limit: ReturnType<typeof Promise.withResolvers<void>>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kamal-runs-'));
    const registry = makeRegistry('registry.test');
    for (const image of ['registry.test/acme/shop:v1', 'basecamp/kamal-proxy:v0.9.2']) registry.publish(image);
    host = makeHost('127.0.0.1', registry);
    server = await serveHost(host, [hostKey], client);
    await mkdir(join(folder, 'config'));
    await mkdir(join(folder, '.kamal'));
    await writeFile(join(folder, '.kamal/secrets'), 'PASSWORD=$THE_PASSWORD\n');
    await writeFile(join(folder, 'config/deploy.yml'), `service: shop\nimage: acme/shop\nservers: [127.0.0.1]\nregistry: {server: registry.test, username: deployer, password: [PASSWORD]}\nbuilder: {arch: amd64}\nssh: {port: ${server.port}}\n`);
    limit = Promise.withResolvers();
    const clock: Clock = {
      now: () => systemClock.now(),
      sleep: (milliseconds, signal) => (milliseconds === LIMIT_SECONDS * 1_000 ? Promise.race([limit.promise, whenAborted(signal)]) : systemClock.sleep(milliseconds, signal)),
    };
    runs = createKamalRuns({
      scope: 'test', begunBy: 'this-test', program, clock, reach: 'ThisMachine', environment: { PATH: process.env['PATH'], THE_PASSWORD: 'regpw' },
      home: createKamalHomes(join(folder, 'homes'), { clientKey: await clientKeyOf(client.privateKey), clock: systemClock, path: process.env['PATH'] ?? '' }),
    });
  });
  afterEach(async () => {
    await runs.suspend();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const order = (words: readonly string[], own: Partial<KamalOrder> = {}): KamalOrder => ({
    arguments: words, folder, version: 'v1', timeoutSeconds: LIMIT_SECONDS, lock: 'Ours', mark: { service: 'shop', operationID: 'one' },
    targets: [sshTarget(server.port, { kind: 'Fixed', hostKey: hostKey.publicLine })], ...own,
  });
  const SETUP = ['setup', '--skip-push', '--hosts=127.0.0.1', '--version=v1', '--skip-hooks'];

  it('bring a host up with the pinned key and the controller\'s own, and under our lock take none', async () => {
    const end = await runs.run(order(SETUP));
    expect(end, JSON.stringify(end)).to.include({ kind: 'Exited', code: 0, stderr: '' });
    expect(host.docker.services.get('shop-web')?.state).to.equal('running');
    expect(end.stdout).to.not.include('deploy lock');
    expect(host.files.read('.kamal/shop-audit.log')).to.include('[kamal-autoscaler] [web] Booted app version v1');
  });

  it('refuse a host that shows another key', async () => {
    const end = await runs.run(order(SETUP, { targets: [sshTarget(server.port, { kind: 'Fixed', hostKey: makeKeyPair().publicLine })] }));
    expect(failureOfEnd(end, LIMIT_SECONDS, createRedactor([]))).to.include({ class: 'HostKey' });
    expect(host.commands).to.deep.equal([]);
  });

  it('end at their time limit, and leave no lock on the host', async () => {
    host.beforeCommand = (command) => {
      if (!command.startsWith('docker pull')) return;
      limit.resolve();
      return new Promise(() => undefined);
    };
    const end = await runs.run(order(SETUP));
    expect(end.kind).to.equal('TimedOut');
    expect(end.stdout).to.include('Finished all in');
    expect(failureOfEnd(end, LIMIT_SECONDS, createRedactor([]))).to.include({ class: 'Transient', replaceHost: false });
    expect(host.files.has('.kamal/lock-shop')).to.equal(false);
    host.beforeCommand = () => undefined;
    limit = Promise.withResolvers();
    expect(await runs.run(order(SETUP)), 'again').to.include({ kind: 'Exited', code: 0 });
  });
});
