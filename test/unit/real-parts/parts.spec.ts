import { expect } from 'chai';
import { isAcceptable, PART_NAMES, partNamed, versionIn } from '../../../hack/real-parts/parts.ts';
import { locate, RealPartMissing } from '../../../hack/real-parts/locate.ts';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('real parts', () => {
  it('reads the version out of what each program prints', () => {
    const cases: [printed: string, version: readonly number[] | undefined][] = [
      ['Kubernetes v1.36.3', [1, 36, 3]],
      ['Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0', [1, 32, 4]],
      ['prometheus, version 2.42.0+ds (branch: debian/sid)', [2, 42, 0]],
      ['etcd Version: 3.7.3\nGit SHA: Not provided', [3, 7, 3]],
      ['OpenSSH_9.2, OpenSSL 3.0.19 27 Jan 2026', [9, 2, 0]],
      ['Docker version 20.10.24+dfsg1, build 5d6db84', [20, 10, 24]],
      ['iptables v1.8.9 (nf_tables)', [1, 8, 9]],
      ['unknown flag: --version', undefined],
    ];
    for (const [printed, version] of cases) expect(versionIn(printed), printed).to.deep.equal(version);
  });

  it('takes a version from the oldest on, within its major', () => {
    const cases: [found: [number, number, number], taken: boolean][] = [
      [[3, 7, 0], true],
      [[3, 7, 9], true],
      [[3, 10, 0], true],
      [[3, 6, 99], false],
      [[2, 11, 0], false],
      [[4, 0, 0], false],
    ];
    for (const [found, taken] of cases) expect(isAcceptable(found, { oldest: [3, 7, 0] }), found.join('.')).to.equal(taken);
  });

  it('takes newer majors of a part that says so', () => {
    const browser = { oldest: [120, 0, 0], newerMajors: 'Accepted' } as const;
    expect([[119, 9, 9], [120, 0, 0], [156, 0, 1]].map(([major = 0, minor = 0, patch = 0]) => isAcceptable([major, minor, patch], browser))).to.deep.equal([false, true, true]);
  });

  it('gives each part a variable of its own', () => {
    expect(new Set(PART_NAMES.map((name) => partNamed(name).variable)).size).to.equal(PART_NAMES.length);
  });

  describe('locating one', () => {
    let folder: string;
    const kept = { ...process.env };

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'real-parts-'));
      delete process.env['TRAEFIK'];
      process.env['PATH'] = folder;
      process.env['KAMAL_AUTOSCALER_CACHE'] = join(folder, 'cache');
    });
    afterEach(async () => {
      for (const name of ['TRAEFIK', 'PATH', 'KAMAL_AUTOSCALER_CACHE']) {
        if (kept[name] === undefined) delete process.env[name];
        else process.env[name] = kept[name];
      }
      await rm(folder, { recursive: true });
    });

    async function program(name: string, prints: string): Promise<string> {
      const path = join(folder, name);
      await writeFile(path, `#!/bin/sh\necho "${prints}"\n`);
      await chmod(path, 0o755);
      return path;
    }
    const refusal = (): Promise<unknown> => locate('traefik').then((path) => path, (error: unknown) => error);

    it('takes one on PATH whose version will do', async () => {
      const path = await program('traefik', 'Version: 3.8.1');
      expect(await locate('traefik')).to.equal(path);
    });

    it('passes over one on PATH that is too old, and says how to bring a newer one', async () => {
      await program('traefik', 'Version: 2.11.0');
      const error = await refusal();
      expect(error).to.be.instanceOf(RealPartMissing);
      expect(String(error)).to.include('node hack/real-parts/install.ts traefik').and.to.include('TRAEFIK');
    });

    it('takes the one that the variable names, old as it may be', async () => {
      process.env['TRAEFIK'] = await program('mine', 'Version: 2.11.0');
      expect(await locate('traefik')).to.equal(process.env['TRAEFIK']);
    });

    it('refuses a variable that names no program, though PATH has one', async () => {
      await program('traefik', 'Version: 3.8.1');
      process.env['TRAEFIK'] = join(folder, 'absent');
      expect(String(await refusal())).to.include(`TRAEFIK=${join(folder, 'absent')} is not a program`);
      process.env['TRAEFIK'] = 'traefik';
      expect(String(await refusal())).to.include('TRAEFIK=traefik is not an absolute path');
    });
  });
});
