import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Projects, createProjects } from '../../../controller/act/deploy/kamal/projects.ts';
import type { Clock } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { refused } from '../../support/refused.ts';

const shop = { service: 'shop' };

describe('projects', () => {
  let folder: string;
  let projects: Projects;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'projects-'));
    projects = open();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (clock: Clock = systemClock): Projects => createProjects({ projects: join(folder, 'projects'), copies: join(folder, 'copies'), clock });
  const at = (...names: string[]): string => join(folder, ...names);
  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  }
  const git = (where: string, ...words: string[]): string =>
    execFileSync('git', ['-C', at(where), '-c', 'user.name=t', '-c', 'user.email=t', ...words], { encoding: 'utf8', env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const list = async (path: string): Promise<string[]> => (await readdir(path)).sort();
  const version = (copy: string): Promise<string> => readFile(join(copy, 'config', 'deploy.yml'), 'utf8');

  async function hook(where: string, name: string): Promise<void> {
    await write(`${where}/.kamal/hooks/${name}`, '#!/bin/sh\n');
    await chmod(at(where, '.kamal', 'hooks', name), 0o755);
  }

  describe('in a plain folder', () => {
    beforeEach(async () => {
      await write('projects/shop/config/deploy.yml', 'service: shop\n');
      await write('projects/shop/.kamal/secrets', 'A=1\n');
      await write('projects/shop/app/big.rb', 'code\n');
      for (const name of ['pre-deploy', 'post-deploy']) await hook('projects/shop', name);
    });

    it('are worked with through links, with the listed hooks alone', async () => {
      const { folder: copy } = await projects.copyOf({ ...shop, hooks: ['pre-deploy'] }, 'v1');
      expect(await list(copy)).to.deep.equal(['.kamal', 'app', 'config']);
      expect(await list(join(copy, '.kamal'))).to.deep.equal(['hooks', 'secrets']);
      expect(await list(join(copy, '.kamal', 'hooks'))).to.deep.equal(['pre-deploy']);
      expect((await lstat(join(copy, '.kamal', 'hooks', 'pre-deploy'))).mode & 0o111).to.equal(0o111);
      expect(await realpath(join(copy, '.kamal', 'secrets')), 'secrets stay where they are').to.equal(await realpath(at('projects/shop/.kamal/secrets')));
      expect(await list(at('projects/shop/.kamal/hooks')), 'in the project itself').to.deep.equal(['post-deploy', 'pre-deploy']);
    });

    it('are the same copy until something changes', async () => {
      const first = await projects.copyOf(shop, 'v1');
      expect(await projects.copyOf(shop, 'v2')).to.deep.equal(first);
      await write('projects/shop/config/deploy.yml', 'service: shop # changed\n');
      expect((await projects.copyOf(shop, 'v2')).revision).not.to.equal(first.revision);
      expect((await projects.copyOf({ ...shop, hooks: ['pre-deploy'] }, 'v2')).folder).not.to.equal(first.folder);
    });

    it('are made once for many that ask together', async () => {
      const copies = await Promise.all(Array.from({ length: 8 }, () => projects.copyOf(shop, 'v1')));
      expect(new Set(copies.map((copy) => copy.folder)).size).to.equal(1);
      expect(await list(at('copies', 'shop'))).to.have.length(1);
    });

    it('never lose a hook of their own to a link', async () => {
      await rm(at('projects/shop/.kamal'), { recursive: true });
      await mkdir(at('elsewhere', 'hooks'), { recursive: true });
      await write('elsewhere/hooks/pre-deploy', 'precious\n');
      await symlink(at('elsewhere'), at('projects/shop/.kamal'));
      await projects.copyOf(shop, 'v1');
      expect(await readFile(at('elsewhere/hooks/pre-deploy'), 'utf8')).to.equal('precious\n');
    });

    it('keep the last copies and those that are young', async () => {
      let now = Date.now();
      const aging = open({ ...systemClock, now: () => now });
      for (let change = 0; change < 6; change += 1) {
        await write('projects/shop/config/deploy.yml', `service: shop # ${'x'.repeat(change)}\n`);
        await aging.copyOf(shop, 'v1');
      }
      expect(await list(at('copies', 'shop'))).to.have.length(6);
      now += 3 * 3_600_000;
      await aging.copyOf(shop, 'v1');
      expect(await list(at('copies', 'shop'))).to.have.length(3);
    });
  });

  describe('in a Git checkout', () => {
    let first: string;
    let second: string;
    beforeEach(async () => {
      await mkdir(at('origin'), { recursive: true });
      git('origin', 'init', '--quiet', '--initial-branch=main');
      await write('origin/config/deploy.yml', 'first\n');
      await hook('origin', 'pre-deploy');
      await hook('origin', 'post-deploy');
      await write('origin/.gitignore', '/config/master.key\n/.kamal/secrets\n');
      first = commit('origin');
      await mkdir(at('projects'), { recursive: true });
      git('.', 'clone', '--quiet', at('origin'), at('projects', 'shop'));
      await write('projects/shop/.kamal/secrets', 'A=1\n');
      await write('projects/shop/config/master.key', 'key\n');
      await write('origin/config/deploy.yml', 'second\n');
      second = commit('origin');
    });
    function commit(where: string): string {
      git(where, 'add', '-A');
      git(where, 'commit', '--quiet', '-m', 'change');
      return git(where, 'rev-parse', 'HEAD');
    }

    it('are worked with as they were deployed, whatever is checked out', async () => {
      await write('projects/shop/config/deploy.yml', 'somebody edits this\n');
      const before = git('projects/shop', 'status', '--porcelain');
      const { folder: copy } = await projects.copyOf({ ...shop, hooks: ['post-deploy'] }, first);
      expect(await version(copy)).to.equal('first\n');
      expect(await list(join(copy, '.kamal', 'hooks'))).to.deep.equal(['post-deploy']);
      expect(await readFile(at('projects/shop/config/deploy.yml'), 'utf8'), 'the work tree').to.equal('somebody edits this\n');
      expect(git('projects/shop', 'status', '--porcelain')).to.equal(before);
    });

    it('bring along what no commit holds: secrets and keys', async () => {
      const { folder: copy } = await projects.copyOf(shop, first);
      expect(await readFile(join(copy, '.kamal', 'secrets'), 'utf8')).to.equal('A=1\n');
      expect(await readFile(join(copy, 'config', 'master.key'), 'utf8')).to.equal('key\n');
    });

    it('fetch a revision that the checkout does not know', async () => {
      expect(await version((await projects.copyOf(shop, second)).folder)).to.equal('second\n');
      expect(git('projects/shop', 'rev-parse', 'HEAD'), 'what is checked out').to.equal(first);
    });

    it('take a tag, a short commit, and the commit under uncommitted changes', async () => {
      git('origin', 'tag', 'v2', second);
      for (const name of ['v2', second.slice(0, 10), `${second}_uncommitted_0123456789abcdef`]) {
        expect(await version((await projects.copyOf(shop, name)).folder)).to.equal('second\n');
      }
    });

    it('know what stands there now, and come up to date when somebody tells of a deploy', async () => {
      expect(await version((await projects.currentCopy(shop)).folder)).to.equal('first\n');
      await projects.refresh('shop');
      expect(git('projects/shop', 'rev-parse', 'origin/main')).to.equal(second);
    });

    it('refuse a version that is no revision, and options in its place', async () => {
      expect((await refused('Invalid', projects.copyOf(shop, 'v9'))).message).to.match(/version v9 is no revision of the Git checkout/);
      await refused('Invalid', projects.copyOf(shop, '--upload-pack=touch'));
    });

    it('say that the remote cannot be asked, without its password', async () => {
      git('projects/shop', 'remote', 'set-url', 'origin', 'https://user:hunter2@127.0.0.1:1/shop.git');
      const error = await refused('Unavailable', projects.copyOf(shop, second));
      expect(error.message).to.match(/git fetch in .* failed/).and.not.to.include('hunter2');
    });

    it('never lose what a link in the repository leads to', async () => {
      await mkdir(at('elsewhere', 'hooks'), { recursive: true });
      await write('elsewhere/hooks/pre-deploy', 'precious\n');
      git('origin', 'rm', '-r', '--quiet', '.kamal');
      await rm(at('origin', '.kamal'), { recursive: true, force: true });
      await symlink(at('elsewhere'), at('origin', '.kamal'));
      const linked = commit('origin');
      expect((await refused('Invalid', projects.copyOf(shop, linked))).message).to.include('.kamal of the project is a link');
      expect(await readFile(at('elsewhere/hooks/pre-deploy'), 'utf8')).to.equal('precious\n');
    });
  });

  it('say what is missing', async () => {
    await mkdir(at('projects', 'empty'), { recursive: true });
    expect((await refused('Invalid', projects.copyOf(shop, 'v1'))).mend).to.include('--kamal-projects');
    expect((await refused('Invalid', projects.copyOf({ service: 'empty' }, 'v1'))).message).to.include('has no config/deploy.yml');
  });
});
