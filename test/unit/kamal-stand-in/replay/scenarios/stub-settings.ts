/** 16 to 25: inventories, host keys, hooks, proxies, secrets and what a configuration may say. */
import { createHmac } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeKeyPair } from '../../../../support/fake-hosts/ssh-server.ts';
import { COMMIT, ending, lab, labConfig, type LabOptions, quietly, refusing, type Scenario } from '../scenario.ts';
import type { Stage } from '../../../../support/fake-hosts/stage.ts';

const configure = (options: LabOptions) => async (stage: Stage): Promise<void> => stage.write('config/deploy.yml', labConfig(stage, options));
const WEB = ['127.0.0.2', '127.0.0.3'];
const FOUR = { web: ['127.0.0.2', '127.0.0.3', '127.0.0.4'] };

/** The hosts of the web role as text of deploy.yml. */
const webHosts = (text: string) => async (stage: Stage): Promise<void> => {
  const config = labConfig(stage, { web: ['HOSTS'] }).replace('["HOSTS"]', text);
  await stage.write('config/deploy.yml', config);
};

const NO_TIMEOUT = 'the lab\'s own `timeout` was missing, so that no kamal ran';

const PROXY = `  host: shop.example.com
  app_port: 3000
  response_timeout: 45
  forward_headers: true
  healthcheck: { interval: 2, timeout: 4, path: /healthz }
  run: { http_port: 8080, bind_ips: [10.0.0.4], metrics_port: 9394, options: { publish: "127.0.0.1:9394:9394" } }
`;

export const SCENARIOS: readonly Scenario[] = [
  {
    file: '16-inventory-variants.txt',
    stage: () => lab(),
    before: {
      0: (stage) => stage.write('config/deploy.production.yml', 'servers:\n  web:\n    hosts: [127.0.0.4]\n'),
      1: webHosts('<%= (%w[127.0.0.2 127.0.0.3] + ENV.fetch("KAMAL_EXTRA_WEB_HOSTS", "").split(",")).to_json %>'),
      2: async (stage) => {
        await stage.write('config/hosts.yml', 'web:\n- 127.0.0.2\n- 127.0.0.3\n- 127.0.0.4\n- 127.0.0.5\n');
        await webHosts('<%= YAML.load_file("config/hosts.yml")["web"].to_json %>')(stage);
      },
      3: webHosts('<% raise "boom" %>'),
      4: configure({}),
      5: configure({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.3'] }),
      6: webHosts('[127.0.0.2, 127.0.0.3, ~]'),
      7: configure({ proxy: '  ssl: true\n  host: app.example.com\n' }),
      8: configure({ proxy: '  loadbalancer: lb\n' }),
      9: async (stage) => stage.write('config/operator.yml', labConfig(stage, {})),
    },
  },
  hostKeys(),
  {
    file: '18-hanging-host.txt',
    stage: () => lab({ web: ['127.0.0.8'], job: [], ssh: '  keys_only: true\n  keys: [ssh/id_ed25519]\n  config: ssh/config\n', hooks: [] }),
    leftOut: { 0: 'hangs until somebody ends it: process.spec.ts shows it' },
    before: {
      1: async (stage) => {
        await stage.write('ssh/config', 'Host *\n  ConnectTimeout 1\n');
        stage.server('127.0.0.8').manner = 'Silent';
      },
    },
  },
  miscellaneous(),
  {
    file: '20-skip-hooks.txt',
    stage: () => lab(FOUR),
    before: { 0: async (stage) => void stage.hookResults.set('pre-connect', ending(3, 'vpn down\n')) },
  },
  {
    file: '21-more.txt',
    stage: () => lab({ ...FOUR, proxy: PROXY }),
    before: {
      1: async (stage) => {
        await configure({ web: ['127.0.0.2', '127.0.0.3', '127.0.0.5'], job: ['127.0.0.5'] })(stage);
        const host = await stage.raise('127.0.0.5');
        host.overrides.unshift(refusing(/^-v$/, ''));
      },
      2: async (stage) => {
        await configure({ web: ['127.0.0.2', '127.0.0.3'], job: ['127.0.0.5'], more: 'readiness_delay: 2\ndeploy_timeout: 5\n' })(stage);
        await stage.raise('127.0.0.5');
      },
      4: async (stage) => stage.registry.publish('registry.test/acme/shop:def', { behaviour: 'Crashing', says: 'stub log line\n' }),
    },
  },
  {
    file: '22-boot-limit.txt',
    stage: () => lab({ web: [...WEB, '127.0.0.4', '127.0.0.5'], more: 'boot:\n  limit: 1\n' }),
    before: {
      0: async (stage) => stage.host('127.0.0.4').overrides.unshift(refusing(/kamal-proxy deploy/, 'Error: target failed to become healthy within configured timeout (30s)\n')),
      1: async (stage) => {
        await configure(FOUR)(stage);
        await stage.raise('127.0.0.4');
      },
      // The host goes down while its app starts, when the first healthy container has let the other roles begin.
      5: async (stage) => {
        const begun = Promise.withResolvers<void>();
        stage.host('127.0.0.2').overrides.unshift((argv) => {
          if (argv.includes('shop-job-v4')) begun.resolve();
          return undefined;
        });
        stage.host('127.0.0.4').overrides.unshift((argv) => (argv[0] === 'run' ? begun.promise.then(() => stage.fell('127.0.0.4')).then(() => ending(0, '')) : undefined));
      },
    },
  },
  { file: '23-rollback-preseed.txt', stage: () => lab(FOUR), before: {
      0: async (stage) => {
        await quietly(stage, ['setup', '-P', '--version=prev1', '--hosts=127.0.0.2,127.0.0.3']);
        await quietly(stage, ['deploy', '-P', '--version=cur2', '--hosts=127.0.0.2,127.0.0.3']);
      },
    } },
  { file: '24-no-git.txt', stage: () => lab(FOUR), before: { 0: async (stage) => void (stage.git.missing = true) } },
  {
    file: '25-proxy-with-host-header-and-env.txt',
    stage: () => lab(FOUR),
    before: { 0: (stage) => stage.write('.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$KAMAL_REGISTRY_PASSWORD\nRAILS_MASTER_KEY=$NOT_SET\n') },
    after: async (stage) => expect(stage.host('127.0.0.4').files.read('.kamal/apps/shop/env/roles/web.env')).to.equal('RAILS_MASTER_KEY=\n'),
  },
];

function hostKeys(): Scenario {
  const strict = (file: string): string => `Host *\n  StrictHostKeyChecking yes\n  UserKnownHostsFile ${file}\n  GlobalKnownHostsFile /dev/null\n  ConnectTimeout 5\n`;
  const pinned = (lines: (stage: Stage) => string) => (stage: Stage): Promise<void> => stage.write('ssh/pins', `${lines(stage)}\n`);
  const key = (stage: Stage): string => stage.server('127.0.0.4').hostKeys[0] ?? '';
  const name = '[127.0.0.4]:2222';
  const other = makeKeyPair().publicLine;
  const salt = Buffer.from('12345678901234567890');
  const hashed = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
  return {
    file: '17-host-keys.txt',
    stage: () => lab({ web: ['127.0.0.4', '127.0.0.7'], job: [] }),
    before: {
      0: (stage) => stage.write('.ssh/known_hosts', ''),
      1: async (stage) => {
        expect(await readFile(join(stage.folder, '.ssh/known_hosts'), 'utf8'), 'a new key is written down without a word').to.equal(`${name} ${key(stage)}\n`);
        await stage.write('.ssh/known_hosts', `${name} ${other}\n`);
      },
      2: async (stage) => {
        await stage.write('ssh/config', strict(join(stage.folder, 'ssh/pins')));
        await configure({ web: ['127.0.0.4', '127.0.0.7'], job: [], ssh: '  keys_only: true\n  keys: [ssh/id_ed25519]\n  config: ssh/config\n' })(stage);
      },
      3: pinned(() => `${name} ${other}`),
      4: pinned((stage) => `${name} ${key(stage)}`),
      5: pinned((stage) => `127.0.0.4 ${key(stage)}`),
      6: pinned((stage) => `${hashed} ${key(stage)}`),
      7: pinned((stage) => `[127.0.0.*]:2222 ${key(stage)}`),
      8: async (stage) => {
        await stage.raise('127.0.0.7', ['rsa', 'ecdsa', 'ed25519']);
        await pinned(() => `[127.0.0.7]:2222 ${stage.server('127.0.0.7').hostKeys[2] ?? ''}`)(stage);
      },
      9: async (stage) => {
        await configure({ web: ['127.0.0.4', '127.0.0.7'], job: [] })(stage);
        await stage.write('.ssh/config', strict(join(stage.folder, 'ssh/pins')));
      },
      10: pinned((stage) => `${name} ${key(stage)}`),
    },
  };
}

function miscellaneous(): Scenario {
  const withGit = (present: boolean) => async (stage: Stage): Promise<void> => {
    stage.git = { userName: 'Op Erator', userEmail: 'op@example.com', missing: false, ...(present ? { commit: COMMIT } : {}) };
  };
  return {
    file: '19-misc.txt',
    stage: () => lab(FOUR),
    leftOut: { 8: NO_TIMEOUT, 9: NO_TIMEOUT },
    before: {
      0: withGit(false),
      7: withGit(true),
      10: async (stage) => {
        await stage.write('.kamal/secrets', 'DEPLOY_KEY=SUPERSECRETKEYMATERIAL\nKAMAL_REGISTRY_PASSWORD=regpw\nRAILS_MASTER_KEY=key\n');
        await configure({ ...FOUR, ssh: `  proxy: jump@10.0.0.1\n  keys: ["${stage.folder}/ssh/id_ed25519"]\n  key_data: [DEPLOY_KEY]\n` })(stage);
      },
      11: async (stage) => {
        await rm(join(stage.folder, '.kamal/secrets'));
        await configure(FOUR)(stage);
      },
      13: async (stage) => {
        await stage.write('.kamal/secrets', 'KAMAL_REGISTRY_PASSWORD=$NO_PASSWORD\nRAILS_MASTER_KEY=key\n');
        stage.hookResults.set('pre-connect', ending(3, 'vpn down\n'));
      },
      // The stub let everybody in; an empty password was sent.
      15: async (stage) => {
        stage.hookResults.clear();
        stage.host('127.0.0.4').overrides.unshift((argv) => {
          if (argv[0] !== 'login') return undefined;
          stage.host('127.0.0.4').docker.loggedIn = true;
          return ending(0, '');
        });
      },
      16: async (stage) => {
        expect(stage.host('127.0.0.4').dockerCalls).to.include('docker login registry.test -u deployer -p');
        stage.host('127.0.0.4').overrides.unshift(refusing(/^login/, 'Error response from daemon: Get "https://registry.test/v2/": unauthorized: incorrect username or password\n'));
      },
    },
  };
}
