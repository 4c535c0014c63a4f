/** 01 to 06: configuration, lock, filters and the first setups, on hosts with a stub of docker. */
import { lab, quietly, refusing, type Scenario, stubWithoutNetwork } from '../scenario.ts';

export const SCENARIOS: readonly Scenario[] = [
  { file: '01-config.txt', stage: () => lab() },
  { file: '02-lock.txt', stage: () => lab() },
  {
    file: '03-unknown-host.txt',
    stage: () => lab(),
    before: {
      0: (stage) => quietly(stage, ['lock', 'acquire', '-m', 'manual by ops']),
      5: async (stage) => stage.host('127.0.0.3').overrides.unshift(stubWithoutNetwork(stage.host('127.0.0.3'))),
    },
  },
  { file: '04-initial-setup-static-hosts.txt', stage: () => lab() },
  {
    file: '05-fresh-host-app-boot-only.txt',
    stage: () => lab({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.4'] }),
    before: {
      0: async (stage) => stage.host('127.0.0.4').overrides.unshift(stubWithoutNetwork(stage.host('127.0.0.4'))),
      1: async (stage) => {
        const host = await stage.raise('127.0.0.4');
        await host.run('docker login registry.test -u deployer -p regpw && docker pull registry.test/acme/shop:abc && docker network create kamal');
        host.overrides.unshift(refusing(/^exec kamal-proxy/, 'Error response from daemon: No such container: kamal-proxy\n'));
        host.dockerCalls.length = 0;
      },
      2: async (stage) => {
        const host = await stage.raise('127.0.0.4');
        host.overrides.unshift(
          refusing(/^run /, "Unable to find image 'registry.test/acme/shop:abc' locally\ndocker: Error response from daemon: pull access denied for registry.test/acme/shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied.\nSee 'docker run --help'.\n", 125),
          // The stub's container logs were found, its health was not.
          (argv) => (argv[0] === 'logs' ? { status: 0, stdout: 'stub log line\n', stderr: '' } : undefined),
        );
      },
    },
  },
  {
    file: '06-fresh-host-setup-skip-push.txt',
    stage: () => lab({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.4'] }),
    before: {
      0: async (stage) => {
        await quietly(stage, ['setup', '-P', '--version=abc', '--hosts=127.0.0.2,127.0.0.3']);
        stage.hookRuns.length = 0;
      },
    },
  },
];
