import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { stringify } from 'yaml';
import { shellWord } from '../../support/real-hosts/shell.ts';
import { type Carried, carryOut } from '../../support/real-hosts/user-data.ts';

const cloudConfig = (config: Record<string, unknown>): Carried => carryOut(`#cloud-config\n${stringify(config)}`, []);

describe('what real hosts do with user data', () => {
  it('reads every word back as it was', () => {
    for (const word of ['', 'plain', "it's", '$HOME `id` "x" \\ * \n two']) {
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).to.equal(word);
    }
  });

  it('gives root the keys of the cloud and of the user data', () => {
    const { init } = carryOut('#cloud-config\nssh_authorized_keys: [ssh-ed25519 BBBB]\n', ['ssh-ed25519 AAAA']);
    expect(init).to.match(/AAAA' >> '\/root\/\.ssh'\/authorized_keys/).and.to.match(/BBBB' >>/);
  });

  it('writes host keys so that nobody else reads the private one', () => {
    const { init } = cloudConfig({ ssh_keys: { ed25519_private: 'secret\n', ed25519_public: 'open\n' } });
    expect(init).to.include("chmod '0600' '/etc/ssh/ssh_host_ed25519_key'\n").and.to.include("chmod '0644' '/etc/ssh/ssh_host_ed25519_key.pub'\n");
  });

  it('runs commands in order, lists as words and texts as shell, and goes on after one that fails', () => {
    const { final } = cloudConfig({ runcmd: [['printf', '%s ', "it's"], 'false', 'echo one && echo two'] });
    expect(execFileSync('sh', ['-c', final], { encoding: 'utf8' })).to.equal("it's one\ntwo\n");
  });

  it('makes users with groups, sudo rules and keys', () => {
    const { init } = cloudConfig({ users: [{ name: 'deploy', groups: 'docker, sudo', sudo: 'ALL=(ALL) NOPASSWD:ALL', lock_passwd: true, ssh_authorized_keys: ['ssh-ed25519 AAAA'] }] });
    expect(init).to.include("usermod --append --groups 'docker,sudo' 'deploy'").and.to.include("/home/deploy/.ssh'/authorized_keys").and.to.include('NOPASSWD');
  });

  it('takes what is no cloud-config as cloud-init does: a script runs, anything else is a warning', () => {
    expect(carryOut('#!/bin/sh\necho hi\n', []).final).to.equal('#!/bin/sh\necho hi\n');
    expect(carryOut('hello', []).problems).to.have.length(1);
    expect(carryOut('#cloud-config\na: [', []).problems).to.deep.equal(['Failed loading yaml blob']);
    expect(carryOut('', []).problems).to.deep.equal([]);
  });

  it('refuses what it would leave undone', () => {
    const refused: [config: Record<string, unknown>, word: RegExp][] = [
      [{ swap: {} }, /does not carry out swap/],
      [{ users: [{ name: 'a', expiredate: '2030-01-01' }] }, /does not carry out users\.expiredate/],
      [{ write_files: [{ path: '/a', content: 'x', encoding: 'gz+b64' }] }, /does not decode/],
      [{ ssh_keys: { dsa_private: 'x' } }, /ssh_keys\.dsa_private is no host key/],
    ];
    for (const [config, word] of refused) expect(() => cloudConfig(config)).to.throw(word);
  });
});
