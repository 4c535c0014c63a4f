import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { createEvidence } from '../../../controller/act/deploy/kamal/evidence.ts';
import { redactLog, tailOf, valuesOf } from '../../../controller/act/deploy/kamal/redact-log.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import type { RunOnHost } from '../../../controller/act/deploy/kamal/remote-look.ts';
import { createRunOutputs } from '../../../controller/act/deploy/kamal/run-outputs.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import type { DeployTarget } from '../../../controller/ports/index.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';

const TARGET: DeployTarget = { host: { namespace: 'default', name: 'web-1' }, endpoint: { address: '10.0.0.1', ports: { http: 80 } }, role: { service: 'shop', role: 'web' }, ssh: POOL_NEEDS.ssh, identity: { kind: 'Bought', hostID: 'id' } };
const DATABASE = 'postgres://shop:hunter2hunter2@db.internal/shop';

/** The scripts run in a real shell, with a docker and a cloud-init that say what the test wants. */
function machine(programs: Record<string, string>): { read: RunOnHost; end(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const read: RunOnHost = (_target, [program = '', ...words]) => new Promise((resolve) => {
    execFile(program, words, { env: { PATH: `${folder}:/usr/bin:/bin` } }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
  return { read, end: () => rmSync(folder, { recursive: true }) };
}

const docker = (log: string, environment = `["DATABASE_URL=${DATABASE}","GREETING=bonjour","RAILS_ENV=production"]`): string => `case "$*" in
  ps*) echo 0123456789ab ;;
  *Config.Env*0123456789ab) echo '${environment}' ;;
  *Config.Env*) echo '["PATH=/bin"]' ;;
  inspect*) echo '/shop-web-v1 exited exit 1 OOM false restarts 3' ;;
  *kamal-proxy) printf '{"msg":"Request","path":"/reset?token=x"}\\n{"msg":"Target failed"}\\n' ;;
  logs*) cat <<'LOG'
${log}
LOG
esac`;

describe('evidence of a host that Kamal deployed to', () => {
  const redact = createRedactor([]);
  const asked = async (programs: Record<string, string>, outputs = createRunOutputs()) => {
    const there = machine(programs);
    try {
      return await createEvidence({ read: there.read, outputs, redact })(TARGET, 20);
    } finally {
      there.end();
    }
  };

  it('has the end of cloud-init, of the app, of kamal-proxy without requests, and of Kamal', async () => {
    const outputs = createRunOutputs();
    outputs.note(TARGET, 'deploy --version=v1', { stdout: 'INFO docker run --env GREETING="hi there" --env-file x\nERROR (SSHKit::Runner::ExecuteError): target failed', stderr: '' }, redact);
    const { texts, missing } = await asked({ docker: docker('=> Booting Puma'), 'cloud-init': 'echo "status: error"; exit 1' }, outputs);
    const text = (name: string) => texts.find((one) => one.name === name)?.text;
    expect(text('cloud-init status')).to.equal('status: error');
    expect(text('app state')).to.contain('exited exit 1 OOM false restarts 3');
    expect(text('app log')).to.equal('=> Booting Puma');
    expect(text('kamal-proxy log')).to.equal('{"msg":"Target failed"}');
    expect(text('kamal')).to.equal('kamal deploy --version=v1\nINFO docker run --env GREETING=[REDACTED] --env-file x\nERROR (SSHKit::Runner::ExecuteError): target failed');
    expect(missing).to.deep.equal([]);
  });

  it('shows no value of the environment in which the app ran, nor a part of it', async () => {
    const { texts } = await asked({ docker: docker(`connect ${DATABASE}\nFATAL user "shop" with hunter2hunter2 at db.internal\nbonjour in production\nSTRIPE_SECRET_KEY=sk_live_1\n`) });
    const log = texts.find(({ name }) => name === 'app log')?.text ?? '';
    for (const secret of ['hunter2hunter2', 'db.internal', 'bonjour', 'sk_live_1']) expect(log).to.not.contain(secret);
    expect(log).to.contain('in production');
  });

  it('shows no log of the app where its environment cannot be read', async () => {
    const { texts, missing } = await asked({ docker: docker('hunter2hunter2', 'no JSON') });
    expect(JSON.stringify(texts)).to.not.contain('hunter2');
    expect(missing).to.deep.include({ name: 'app log', why: 'the environment by which it is redacted could not be read' });
  });

  it('names what a machine without Docker cannot say, and keeps the rest', async () => {
    const { texts, missing } = await asked({ docker: 'echo "Cannot connect to the Docker daemon" >&2; exit 1', 'cloud-init': 'echo "status: done"' });
    expect(texts.map(({ name }) => name)).to.include('cloud-init status');
    expect(missing.map(({ name }) => name)).to.deep.equal(['kamal', 'containers']);
  });

  it('of a machine that cannot be reached is that', async () => {
    const away: RunOnHost = async () => {
      throw new ClassifiedError('Unavailable', '10.0.0.1 does not answer');
    };
    expect(await createEvidence({ read: away, outputs: createRunOutputs(), redact })(TARGET, 20)).to.deep.include({ texts: [] });
  });
});

describe('redaction of logs', () => {
  const rows: [string, string, string][] = [
    ['a variable with a longer name', 'SECRET_KEY_BASE=abc RAILS_MASTER_KEY: def', 'SECRET_KEY_BASE=[REDACTED] RAILS_MASTER_KEY: [REDACTED]'],
    ['a query string', 'GET /reset?reset_password_token=abc&x=1', 'GET /reset?reset_password_token=[REDACTED]&x=1'],
    ['a hash of Ruby', '{"password"=>"hunter2", :api_key=>"abc"}', '{"password"=>"[REDACTED]", :api_key=>"[REDACTED]"}'],
    ['a JSON web token', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'got [REDACTED]'],
    ['a key whose beginning was cut off', 'AAAAB3Nz\nBBBB\n-----END OPENSSH PRIVATE KEY-----\nrest', '[REDACTED]\nrest'],
    ['a clear value on a command line', 'docker run --env A="b c" --env D=e image', 'docker run --env A=[REDACTED] --env D=[REDACTED] image'],
  ];
  for (const [what, text, shown] of rows) it(`masks ${what}`, () => expect(redactLog(text)).to.equal(shown));

  it('lets no value of an environment through', () => {
    fc.assert(fc.property(fc.string({ minLength: 4, maxLength: 30, unit: 'grapheme-ascii' }).filter((text) => text.trim() === text && !'[REDACTED]'.includes(text)), fc.string(), (value, around) => {
      expect(createRedactor(valuesOf([`X=${value}`]))(`${around}${value}${around}`).replaceAll('[REDACTED]', '')).to.not.include(value);
    }));
  });

  it('takes no long time, whatever the text', () => {
    for (const hostile of ['secret'.repeat(11_000), 'a-'.repeat(32_000), '-'.repeat(64_000), `${'key_'.repeat(8_000)}secret=`, '"\\'.repeat(32_000), 'eyJ'.repeat(21_000), '-----END '.repeat(7_000)]) {
      // Of the processor: a busy machine is no slow pattern.
      const began = process.cpuUsage();
      redactLog(hostile);
      expect(process.cpuUsage(began).user / 1000, hostile.slice(0, 10)).to.be.below(300);
    }
  });

  it('is cut afterwards, in whole lines', () => {
    expect(tailOf('one\ntwo\nthree\n', 100)).to.equal('one\ntwo\nthree');
    expect(tailOf('one\ntwo\nthree', 8)).to.equal('…\nthree');
  });
});
