import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { KINDS } from '../../../controller/api/index.ts';
import { storePath } from '../../../controller/compose/standalone.ts';
import { tells } from '../../support/planted.ts';
import { argumentsUnder, filesIn } from '../../support/real-world/secrecy.ts';
import { until } from '../../support/real/until.ts';
import { call } from '../bad-input/installation.ts';
import { SECRETS, type SecretName, type SecretsWorld, startSecretsWorld } from './world.ts';

const PATIENT = { everyMs: 100, deadlineMs: 60_000 };
/** What Kamal must have to deploy; nothing else that the controller was given. */
const KAMALS: readonly SecretName[] = ['registry', 'application'];

describe('secrets of a standalone controller whose peers say again what they are told', function () {
  this.timeout(120_000);
  let world: SecretsWorld;
  let evidenceOf: string;
  const commandLines = new Set<string>();

  before(async function () {
    if (process.platform !== 'linux') return this.skip();
    world = await startSecretsWorld();
    const pool = { namespace: 'default', name: 'web' };
    const evidence = await until('a host that failed, and its evidence', async () => {
      for (const words of await argumentsUnder(world.controller.pid)) commandLines.add(words.join(' '));
      const found = (await world.store.get('HostPool', pool, 'Fresh'))?.status?.evidence?.[0];
      return found !== undefined && world.hetzner.project.servers.size > 0 && ['digitalocean', 'prometheus'].every((name) => world.heard.has(name as SecretName)) ? found : undefined;
    }, PATIENT);
    evidenceOf = evidence.host;
  });
  after(() => world?.[Symbol.asyncDispose]());

  /** The command line as people use it, with the tokens that it needs. */
  const cli = async (...words: string[]): Promise<string> => {
    const { stdout, stderr } = await call([...words, ...(words.includes('--offline') ? [] : ['--state', world.state])], { ...world.cliEnvironment });
    return `${stdout}${stderr}`;
  };
  const rows = (table: string): string[] => {
    const database = new DatabaseSync(storePath(world.state), { readOnly: true });
    try {
      return database.prepare(`SELECT text FROM ${table}`).all().map(({ text }) => String(text));
    } finally {
      database.close();
    }
  };

  /** Every place that a controller leaves something in; each with words that stand there, so that it is known to be looked at. */
  const PLACES: [place: string, says: RegExp, text: () => Promise<string> | string][] = [
    ['the log', /DigitalOcean answers .* 403 forbidden: no: /, () => readFile(world.controller.logFile, 'utf8')],
    ['status and objects', /the app did not start on the host/, async () => JSON.stringify(await Promise.all(KINDS.map((kind) => world.store.list(kind, { from: 'Fresh' }))))],
    ['events', /StartFailed|Failed/, () => rows('events').join('\n')],
    ['the decision log', /rps/, () => rows('decisions').join('\n')],
    ['process arguments', /kamal setup --skip-push --hosts=127\.0\.0\.2/, () => [...commandLines].join('\n')],
    ['evidence', /connecting with/, () => cli('evidence', evidenceOf)],
    ['evidence for programs', /"cause": "StartFailed"/, () => cli('evidence', evidenceOf, '-o', 'json', '--all')],
    ['describe', /Evidence:[\s\S]*Events:/, async () => [await cli('describe', 'hp', 'web'), await cli('describe', 'sp', 'web')].join('\n')],
    ['get -o yaml', /kind: HostPool/, () => cli('get', 'hp,sp,kh,ksess', '-A', '-o', 'yaml')],
    ['get -o json', /"kind": "HostPool"/, () => cli('get', 'hp,sp,kh', '-A', '-o', 'json')],
    ['the audit', /Not asked:[\s\S]*DigitalOcean/, () => cli('audit')],
    ['the audit for programs', /"unasked"/, () => cli('audit', '-o', 'json')],
    ['errors of the command line', /error: .*DigitalOcean/, () => cli('inventory', '--service', 'app', '--offline', '--installation', 'secrets')],
    ['the metrics page', /kamal_autoscaler_/, async () => (await world.get('/metrics')).body],
    ['what Traefik is served', /127\.0\.0\.4/, async () => (await world.get('/traefik/config', `Bearer ${SECRETS.traefik}`)).body],
    ['what it is refused with', /token is missing or wrong/, async () => (await world.get('/traefik/config', 'Bearer no')).body],
    ['other pages', /127\.0\.0\.1:9100[\s\S]*who serves role web of service app is not known/, async () => (await Promise.all(['/sd/kamal-proxy', '/sd/node', '/healthz', '/readyz', '/nothing'].map((path) => world.get(path)))).map(({ body }) => body).join('\n') + (await world.get('/inventory/app?format=details', `Bearer ${SECRETS.traefik}`)).body],
    ['the answer to a deploy', /look at their hosts/, async () => (await world.get('/deployed', `Bearer ${SECRETS.deployed}`, 'POST')).body],
    ['user data', /ssh_keys/, () => [...world.hetzner.project.servers.values()].map(({ userData }) => userData ?? '').join('\n')],
    ['labels and names at the cloud', /kamal-autoscaler\.dev/, () => JSON.stringify([...world.hetzner.project.servers.values()].map(({ name, labels }) => ({ name, labels })))],
  ];

  for (const [place, says, text] of PLACES) {
    it(`are not told by ${place}`, async () => {
      const shown = await text();
      expect(says.test(shown), `${place} has too little in it to show anything: ${tells(shown, world.keyLines) ? '(it tells a secret)' : shown.slice(0, 2_000)}`).to.equal(true);
      expect(tells(shown, world.keyLines), `${place} tells a secret`).to.equal(false);
    });
  }

  it('are in no file of the state folder, the database and its log among them', async () => {
    const files = await filesIn(world.state);
    expect(files.map((file) => relative(world.state, file))).to.include.members(['store.db', 'store.db-wal']);
    const told = await Promise.all(files.map(async (file) => (tells(await readFile(file, 'latin1').catch(() => ''), world.keyLines) ? [relative(world.state, file)] : [])));
    expect(told.flat()).to.deep.equal([]);
  });

  it('were really given and used, each of them', async () => {
    const called = world.hetzner.calls.some(({ status }) => status === 201);
    const kamal = await readFile(join(world.folder, 'kamal-environment'), 'utf8');
    const used = new Set<string>([...world.heard.keys(), ...(called ? ['hetzner'] : []), ...KAMALS.filter((name) => kamal.includes(SECRETS[name]))]);
    if ((await world.get('/traefik/config', `Bearer ${SECRETS.traefik}`)).status === 200) used.add('traefik');
    if ((await world.get('/deployed', `Bearer ${SECRETS.deployed}`, 'POST')).status === 202) used.add('deployed');
    expect([...used].sort()).to.deep.equal(Object.keys(SECRETS).sort());
  });

  it('go to Kamal as far as it needs them, and no further', async () => {
    const kamal = await readFile(join(world.folder, 'kamal-environment'), 'utf8');
    expect((Object.keys(SECRETS) as SecretName[]).filter((name) => kamal.includes(SECRETS[name]))).to.have.members([...KAMALS]);
  });
});
