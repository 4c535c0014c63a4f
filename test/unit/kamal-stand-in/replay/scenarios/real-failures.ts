/** 38 to 44: failures, maintenance, dead hosts, races, prepared hosts and broken-off deploys, on hosts with a real Docker. */
import { expect } from 'chai';
import { answering } from '../../../../support/fake-hosts/host.ts';
import type { Stage } from '../../../../support/fake-hosts/stage.ts';
import { quietly, REAL_REGISTRY, realLab, refusing, type Scenario } from '../scenario.ts';
import { releasedWhileWaiting, servedVersion } from './real-joins.ts';

const HOST = '10.77.0.4';
const EXTRA = { KAMAL_AUTOSCALE_EXTRA_WEB: '10.77.0.4,10.77.0.5' };
const hosts = (): Promise<Stage> => realLab(['10.77.0.2', '10.77.0.3', HOST, '10.77.0.5']);
const setup = (stage: Stage, version: string): Promise<void> => quietly(stage, ['setup', '-P', `--hosts=${HOST}`, `--version=${version}`], EXTRA);
const state = (stage: Stage): string | undefined => stage.host(HOST).docker.services.get('shop-web')?.state;
const fresh = async (stage: Stage): Promise<void> => void (await stage.raise(HOST));
const secrets = (password: string) => (stage: Stage): Promise<void> => stage.write('.kamal/secrets', `KAMAL_REGISTRY_PASSWORD=${password}\nTOKEN=secret\n`);

const SMALL_DISK = {
  status: 1,
  stdout: 'fat: Pulling from acme/shop\n6fab8e2bca2a: Pulling fs layer\n3f69df5b5925: Pulling fs layer\n3f69df5b5925: Verifying Checksum\n3f69df5b5925: Download complete\n',
  stderr: 'write /var/lib/docker/tmp/GetImageBlob2006135004: no space left on device\n',
};
const PROXY_WITHOUT_DISK = `Unable to find image '${REAL_REGISTRY}/basecamp/kamal-proxy:v0.9.2' locally
v0.9.2: Pulling from basecamp/kamal-proxy
e210426b6a1b: Pulling fs layer
e210426b6a1b: Verifying Checksum
e210426b6a1b: Download complete
docker: failed to register layer: Error processing tar file(exit status 1): write /usr/local/bin/kamal-proxy: no space left on device.
See 'docker run --help'.
`;

export const SCENARIOS: readonly Scenario[] = [
  {
    file: '38-real-failures.txt',
    stage: hosts,
    before: {
      1: secrets('wrong'),
      2: async (stage) => {
        await secrets('regpw')(stage);
        stage.registry.state = 'Down';
      },
      3: async (stage) => {
        stage.registry.state = 'Up';
        await fresh(stage);
      },
      8: fresh,
      9: async (stage) => {
        await fresh(stage);
        stage.host(HOST).overrides.unshift(answering(/^pull /, SMALL_DISK));
      },
      10: async (stage) => {
        await fresh(stage);
        stage.host(HOST).overrides.unshift(refusing(/^run --name kamal-proxy/, PROXY_WITHOUT_DISK, 125));
      },
      11: async (stage) => {
        await fresh(stage);
        stage.host(HOST).hasDocker = false;
      },
    },
  },
  {
    file: '40-real-deploy-and-drained-hosts.txt',
    stage: hosts,
    before: {
      0: (stage) => quietly(stage, ['setup', '-P', '--version=v1'], { KAMAL_AUTOSCALE_EXTRA_WEB: HOST }),
      3: async (stage) => expect(state(stage), 'maintenance outlives a deploy').to.equal('stopped'),
      4: async (stage) => expect(state(stage)).to.equal('running'),
      7: async (stage) => expect(servedVersion(stage, HOST), 'a deploy starts a stopped app again').to.equal('shop-web-v2'),
      16: async (stage) => void stage.routes.set(HOST, 'Black hole'),
    },
  },
  {
    file: '41-real-host-dies.txt',
    stage: hosts,
    before: {
      0: async (stage) => {
        stage.keepalive = { intervalMs: 20, unanswered: 2 };
        stage.host('10.77.0.5').beforeCommand = (command) => {
          if (!command.startsWith('docker pull')) return;
          stage.server('10.77.0.5').freeze();
          return new Promise(() => undefined);
        };
      },
    },
  },
  {
    file: '42-real-join-races.txt',
    stage: hosts,
    before: {
      0: (stage) => quietly(stage, ['setup', '-P', '--version=v2']),
      3: async (stage) => {
        await quietly(stage, ['lock', 'acquire', '-p', '-q', '-m', 'Automatic deploy lock (kamal-autoscaler op-8)', '--version=v2']);
        await releasedWhileWaiting('10.77.0.2', 3)(stage);
      },
      4: async (stage) => expect(servedVersion(stage, HOST), 'the deploy did not know of the host').to.equal('shop-web-v2'),
    },
    after: async (stage) => expect(servedVersion(stage, HOST)).to.equal('shop-web-v3'),
  },
  {
    file: '43-real-prebaked.txt',
    stage: hosts,
    before: {
      1: fresh,
      3: fresh,
      4: async (stage) => {
        await fresh(stage);
        await stage.host(HOST).run(`docker login ${REAL_REGISTRY} -u deployer -p regpw; docker pull ${REAL_REGISTRY}/acme/shop:fat`);
      },
    },
  },
  {
    file: '44-real-killed-deploy.txt',
    stage: hosts,
    leftOut: { 0: 'a signal needs a process of its own: process.spec.ts sends one' },
    before: {
      // v1 is served; a deploy of v2 was killed when its container ran.
      1: async (stage) => {
        await setup(stage, 'v1');
        const image = `${REAL_REGISTRY}/acme/shop:v2`;
        await stage.host(HOST).run(`docker run --detach --name shop-web-v2 --network kamal --label service=shop --label role=web --label destination ${image}`);
      },
    },
  },
];
