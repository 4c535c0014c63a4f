/** 07 to 15: drains, partial failures, unreachable hosts, locks, versions and rollbacks, on hosts with a stub of docker. */
import { expect } from 'chai';
import { lab, labConfig, leave, quietly, refusing, type Scenario } from '../scenario.ts';
import type { Stage } from '../../../../support/fake-hosts/stage.ts';

const FOUR = { web: ['127.0.0.2', '127.0.0.3', '127.0.0.4'] };
const REMOVES = 'kamal remove and its like: the stand-in does not remove, and nothing of ours may call it';
const AN_EXEC = 'app exec: the controller asks hosts by server exec alone';
const A_SIGNAL = 'a signal needs a process of its own: process.spec.ts sends one';
const NO_MANIFEST = 'Error response from daemon: manifest for registry.test/acme/shop:abc not found: manifest unknown: manifest unknown\n';
const UNHEALTHY = 'Error: target failed to become healthy within configured timeout (30s)\n';

/** All hosts run this version. */
const running = (version: string, hosts = '') => async (stage: Stage): Promise<void> => {
  await quietly(stage, ['setup', '-P', `--version=${version}`, ...(hosts === '' ? [] : [`--hosts=${hosts}`])]);
  for (const address of stage.addresses()) stage.host(address).dockerCalls.length = 0;
};

export const SCENARIOS: readonly Scenario[] = [
  { file: '07-accessories-with-hosts.txt', stage: () => lab(FOUR), leftOut: { 1: REMOVES } },
  {
    file: '08-drain.txt',
    stage: () => lab(FOUR),
    leftOut: { 8: REMOVES, 9: REMOVES },
    before: { 10: async (stage) => void (stage.host('127.0.0.4').docker.containers = []) },
  },
  {
    file: '09-partial-failure.txt',
    stage: () => lab({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'] }),
    before: {
      // The host that fails was the first to be done, so that its container's log was asked for.
      0: async (stage) => {
        const told = Promise.withResolvers<void>();
        stage.host('127.0.0.5').overrides.unshift(refusing(/kamal-proxy deploy/, UNHEALTHY), (argv) => {
          if (argv.includes('{{json .State.Health}}')) told.resolve();
          return undefined;
        });
        stage.host('127.0.0.4').overrides.unshift((argv) => (argv.includes('deploy') ? told.promise.then(() => undefined) : undefined));
      },
      3: async (stage) => {
        await stage.raise('127.0.0.4');
        (await stage.raise('127.0.0.5')).overrides.unshift(refusing(/^pull/, NO_MANIFEST));
      },
      5: async (stage) => {
        for (const address of ['127.0.0.4', '127.0.0.5']) (await stage.raise(address)).overrides.unshift(refusing(/^pull/, NO_MANIFEST));
      },
    },
  },
  {
    file: '10-unreachable-host.txt',
    stage: () => lab({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.6', '10.255.255.1'], hosts: ['127.0.0.2', '127.0.0.3'] }),
    before: {
      0: async (stage) => {
        // The other address is for the last command alone.
        await stage.write('config/deploy.yml', labConfig(stage, { web: ['127.0.0.2', '127.0.0.3', '127.0.0.6'] }));
        await running('abc', '127.0.0.2,127.0.0.3')(stage);
      },
      6: async (stage) => {
        await stage.write('config/deploy.yml', labConfig(stage, { web: ['127.0.0.2', '127.0.0.3', '10.255.255.1'] }));
        await stage.raise('10.255.255.1');
        stage.server('10.255.255.1').manner = 'Hanging up';
      },
    },
  },
  { file: '11-lock-flows.txt', stage: () => lab(FOUR), before: { 0: running('abc', '127.0.0.2,127.0.0.3') } },
  {
    file: '12-signals.txt',
    stage: () => lab(FOUR),
    leftOut: { 4: A_SIGNAL, 8: 'the table shows what the killed boots of the lab left', 9: A_SIGNAL, 12: 'the table shows what the killed boots of the lab left' },
    before: {
      0: running('abc', '127.0.0.4'),
      5: (stage) => quietly(stage, ['lock', 'acquire', '-m', 'Automatic deploy lock', '--version=abc', '--hosts=127.0.0.4']),
      11: async (stage) => {
        const host = stage.host('127.0.0.4');
        for (const name of ['shop-web-abc_replaced_63365ddbeb35a31b', 'shop-web-abc_replaced_ebae634c7796bc0e']) leave(host, name, 'registry.test/acme/shop:abc', true);
        // They are older than the one that runs under the plain name.
        host.docker.containers.sort((one, other) => Number(one.name.includes('_replaced_')) - Number(other.name.includes('_replaced_')));
      },
    },
  },
  {
    file: '13-no-version.txt',
    stage: () => lab(FOUR),
    before: { 0: running('abc', '127.0.0.4') },
  },
  {
    file: '14-version-outputs.txt',
    stage: () => lab(FOUR),
    before: {
      // The audit log tells of all that 13 did to the host.
      0: async (stage) => {
        await running('abc', '127.0.0.2,127.0.0.3')(stage);
        await running('abc', '127.0.0.4')(stage);
        await quietly(stage, ['app', 'boot', '--hosts=127.0.0.4']);
        expect(await stage.kamal(['deploy', '-P', '-q', '--hosts=127.0.0.4'])).to.include({ status: 1 });
        await quietly(stage, ['deploy', '-P', '--version=abc', '--hosts=127.0.0.4']);
      },
    },
    leftOut: { 9: AN_EXEC, 10: AN_EXEC },
  },
  {
    file: '15-rollback.txt',
    stage: () => lab({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'] }),
    before: {
      0: running('abc'),
      4: async (stage) => {
        stage.registry.publish('registry.test/acme/shop:def');
        await quietly(stage, ['deploy', '-P', '--version=def', '--hosts=127.0.0.2,127.0.0.3,127.0.0.4']);
        await stage.raise('127.0.0.5');
        await quietly(stage, ['setup', '-P', '--version=def', '--hosts=127.0.0.5']);
      },
    },
  },
];
