/** 30 to 37: setups, app boot alone, hosts in parallel, lock, drain and rollback, on hosts with a real Docker. */
import { expect } from 'chai';
import type { Stage } from '../../../../support/fake-hosts/stage.ts';
import { answering } from '../../../../support/fake-hosts/host.ts';
import { quietly, REAL_REGISTRY, realLab, type Scenario } from '../scenario.ts';

const A_SIGNAL = 'a signal needs a process of its own: process.spec.ts sends one';
const EXTRA = { KAMAL_AUTOSCALE_EXTRA_WEB: '10.77.0.3,10.77.0.4,10.77.0.5' };
const LOCK = '.kamal/lock-shop';

const four = (): Promise<Stage> => realLab(['10.77.0.2', '10.77.0.3', '10.77.0.4', '10.77.0.5']);
const oneStatic = (): Promise<Stage> => realLab(['10.77.0.2', '10.77.0.3', '10.77.0.4', '10.77.0.5'], ['10.77.0.2']);
const setup = (stage: Stage, host: string, version: string): Promise<void> => quietly(stage, ['setup', '-P', `--hosts=${host}`, `--version=${version}`], EXTRA);
const fresh = (...addresses: readonly string[]) => async (stage: Stage): Promise<void> => {
  for (const address of addresses) await stage.raise(address);
};
const shell = (address: string, command: string) => async (stage: Stage): Promise<void> => {
  const ending = await stage.host(address).run(command);
  expect(ending.status, `${command}: ${ending.stderr}`).to.equal(0);
};

/** The lock goes away while somebody waits for it the nth time. */
export const releasedWhileWaiting = (address: string, nth: number) => async (stage: Stage): Promise<void> => {
  let waits = 0;
  stage.onSleep = () => {
    waits += 1;
    if (waits === nth) stage.host(address).files.remove(LOCK, true);
  };
};

const PULL_WITHOUT_DISK = {
  status: 1,
  stdout: 'v1: Pulling from acme/shop\n29f4337ad434: Pulling fs layer\n29f4337ad434: Verifying Checksum\n29f4337ad434: Download complete\n',
  stderr: 'failed to register layer: Error processing tar file(exit status 1): write /app: no space left on device\n',
};

export const SCENARIOS: readonly Scenario[] = [
  { file: '30-real-initial-setup.txt', stage: () => realLab(['10.77.0.2', '10.77.0.3']) },
  { file: '31-real-add-host-setup.txt', stage: four },
  {
    file: '32-real-app-boot-only.txt',
    stage: four,
    before: {
      0: (stage) => setup(stage, '10.77.0.4', 'v1'),
      1: shell('10.77.0.4', `docker logout ${REAL_REGISTRY}`),
      3: shell('10.77.0.5', `docker login ${REAL_REGISTRY} -u deployer -p regpw >/dev/null 2>&1; docker pull -q ${REAL_REGISTRY}/acme/shop:v1`),
      5: async (stage) => {
        await shell('10.77.0.5', 'docker network create kamal')(stage);
        stage.host('10.77.0.5').overrides.unshift(answering(/^logs /, { stdout: '2026-11-23T16:06:16.225620560Z listening v1 10.77.0.5-d9d5413b7fe0\n' }));
      },
    },
  },
  {
    file: '33-real-three-in-parallel.txt',
    stage: oneStatic,
    stepsOnly: [2, 3, 4, 5, 6, 7],
    before: {
      5: fresh('10.77.0.3', '10.77.0.4', '10.77.0.5'),
      9: fresh('10.77.0.3', '10.77.0.4', '10.77.0.5'),
      10: async (stage) => {
        await fresh('10.77.0.3', '10.77.0.4', '10.77.0.5')(stage);
        stage.host('10.77.0.5').overrides.unshift(answering(/^pull /, PULL_WITHOUT_DISK));
      },
    },
  },
  {
    file: '34-real-lock.txt',
    stage: oneStatic,
    before: {
      0: async (stage) => {
        await setup(stage, '10.77.0.2', 'v1');
        await setup(stage, '10.77.0.3', 'fat');
      },
      5: releasedWhileWaiting('10.77.0.2', 3),
    },
  },
  {
    file: '35-real-drain.txt',
    stage: oneStatic,
    before: {
      0: async (stage) => {
        for (const host of ['10.77.0.3', '10.77.0.4', '10.77.0.5']) await setup(stage, host, 'fat');
      },
    },
  },
  {
    file: '36-real-rollback.txt',
    stage: four,
    before: {
      9: shell('10.77.0.4', 'docker rm shop-web-v1'),
      10: async (stage) => {
        for (const host of ['10.77.0.2', '10.77.0.3', '10.77.0.4', '10.77.0.5']) expect(servedVersion(stage, host), 'nothing was rolled back').to.equal('shop-web-v2');
        await shell('10.77.0.4', `docker pull -q ${REAL_REGISTRY}/acme/shop:v1; docker create --name shop-web-v1 --label service=shop --label role=web --label destination= ${REAL_REGISTRY}/acme/shop:v1`)(stage);
      },
    },
    after: async (stage) => {
      for (const host of ['10.77.0.2', '10.77.0.3', '10.77.0.4', '10.77.0.5']) expect(servedVersion(stage, host)).to.equal('shop-web-v1');
    },
  },
  {
    file: '37-real-sigterm.txt',
    stage: four,
    leftOut: { 0: A_SIGNAL, 2: A_SIGNAL, 4: A_SIGNAL, 6: A_SIGNAL, 8: A_SIGNAL, 9: A_SIGNAL },
    before: {
      3: fresh('10.77.0.4'),
      5: fresh('10.77.0.4'),
      7: (stage) => quietly(stage, ['lock', 'acquire', '-m', 'Automatic deploy lock', '--version=v1', '--hosts=10.77.0.4'], EXTRA),
      // docker run went through, the proxy heard nothing of it.
      10: async (stage) => {
        const host = await stage.raise('10.77.0.4');
        await setup(stage, '10.77.0.4', 'v1');
        host.docker.services.clear();
      },
    },
  },
];

/** The container that the proxy sends requests to. */
export function servedVersion(stage: Stage, address: string): string | undefined {
  const { docker } = stage.host(address);
  const target = docker.services.get('shop-web')?.target.replace(/:\d+$/, '');
  return docker.containers.find((container) => target !== undefined && container.id.startsWith(target))?.name;
}
