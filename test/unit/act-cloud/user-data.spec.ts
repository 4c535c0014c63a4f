import { expect } from 'chai';
import { parse } from 'yaml';
import { additionsProblem, createUserData } from '../../../controller/act/cloud/user-data/index.ts';
import { type ClientKey, deliveredKey } from '../../../controller/act/ssh/index.ts';
import { ClassifiedError } from '../../../controller/model/index.ts';
import type { CreateRequest } from '../../../controller/ports/index.ts';
import { publicHalf } from '../../support/ssh-server.ts';
import { newClientKey } from '../../support/ssh-targets.ts';

const request = (userData?: string, user = 'root', hostID = 'host-id-1'): CreateRequest => ({
  name: 'web-1-c0ffee00', owner: { installation: 'shop', pool: { namespace: 'default', name: 'web' }, hostID },
  placement: { name: 'nuremberg', provider: 'Hetzner', hetzner: { serverType: 'cpx21', location: 'nbg1', image: 'ubuntu-24.04', publicNetwork: 'Both', ...(userData === undefined ? {} : { userData }) } },
  pool: { kamal: { service: 'shop', role: 'web' }, ssh: { user, port: 22 } },
});

describe('user data', () => {
  let clientKey: ClientKey;
  let userData: (request: CreateRequest) => string;
  before(async () => {
    clientKey = await newClientKey();
    userData = createUserData(clientKey);
  });
  /** As cloud-init reads it. */
  const read = (text: string): any => parse(text, { version: '1.1' });

  it('delivers the derived host key, the same at every attempt, another for another host', () => {
    const text = userData(request());
    expect(text).to.match(/^#cloud-config\n/);
    const config = read(text);
    expect(config).to.include({ ssh_deletekeys: true, disable_root: false });
    expect(config.ssh_keys).to.have.all.keys('ed25519_private', 'ed25519_public');
    expect(publicHalf(config.ssh_keys.ed25519_private)).to.equal(deliveredKey(clientKey, 'shop', 'host-id-1').publicKey).and.to.equal(config.ssh_keys.ed25519_public);
    expect(userData(request())).to.equal(text);
    expect(read(userData(request(undefined, 'root', 'host-id-2'))).ssh_keys.ed25519_public).to.not.equal(config.ssh_keys.ed25519_public);
  });

  it('lets the controller in, as the user of the pool', () => {
    const key = `${clientKey.publicKey} kamal-autoscaler`;
    expect(read(userData(request())).users).to.deep.equal([{ name: 'root', ssh_authorized_keys: [key], lock_passwd: false }]);
    const config = read(userData(request(undefined, 'deploy')));
    expect(config.users).to.deep.equal([{ name: 'deploy', ssh_authorized_keys: [key], groups: ['docker'], sudo: 'ALL=(ALL) NOPASSWD:ALL', shell: '/bin/bash' }]);
    expect(config.disable_root).to.equal(undefined);
    expect(config.runcmd.at(-1)).to.equal('usermod --append --groups docker deploy');
  });

  it("lets people's keys in as the user of the pool too", () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs anna';
    const config = read(userData(request(`ssh_authorized_keys:\n  - ${key}\n`, 'deploy')));
    expect(config.users[0].ssh_authorized_keys).to.deep.equal([`${clientKey.publicKey} kamal-autoscaler`, key]);
    expect(config.ssh_authorized_keys).to.deep.equal([key]);
  });

  it('never holds the private key of the controller', () => {
    const secrets = clientKey.privateKey.split('\n').slice(2, -2);
    for (const line of secrets) expect(userData(request())).to.not.include(line);
  });

  it('takes additions: lists after ours, mappings merged, ours where both speak', () => {
    const config = read(userData(request(`#cloud-config
packages: [htop]
users:
  - default
runcmd:
  - [touch, /done]
ssh_deletekeys: false
ssh_keys:
  rsa_private: theirs
  ed25519_public: theirs
write_files:
  - {path: /etc/x, permissions: "0644", content: "yes", append: yes}
`)));
    const own = read(userData(request()));
    expect(config.packages).to.deep.equal(['htop']);
    expect(config.users).to.deep.equal([...own.users, 'default']);
    expect(config.runcmd).to.deep.equal([...own.runcmd, ['touch', '/done']]);
    expect(config.ssh_deletekeys).to.equal(true);
    expect(config.ssh_keys).to.deep.equal({ ...own.ssh_keys, rsa_private: 'theirs' });
    // Strings that look like something else stay strings.
    expect(config.write_files).to.deep.equal([{ path: '/etc/x', permissions: '0644', content: 'yes', append: true }]);
  });

  it('takes additions that add nothing', () => {
    expect([additionsProblem(request().placement), additionsProblem(request('packages: [htop]').placement)]).to.deep.equal([undefined, undefined]);
    for (const nothing of ['', '#cloud-config\n', '# only a comment\n']) expect(userData(request(nothing))).to.equal(userData(request()));
  });

  const REFUSED: [text: string, words: RegExp][] = [
    ['#!/bin/sh\necho hello\n', /^placement nuremberg: userData: it begins with "#!\/bin\/sh"/],
    ['#include\nhttps://somewhere\n', /it begins with "#include"/],
    ['Content-Type: multipart/mixed\n', /it begins with "Content-Type: multipart\/mixed"/],
    ['packages: [htop\n', /userData: it is no YAML: /],
    ['- a list\n', /userData: it is no mapping/],
    ['just words', /userData: it is no mapping/],
    ['a: 1\na: 2\n', /userData: it is no YAML: /],
  ];
  for (const [text, words] of REFUSED) {
    it(`refuses ${JSON.stringify(text)}, and says so before anything is bought`, () => {
      expect(additionsProblem(request(text).placement)).to.match(/^hetzner\.userData: .*\. \S/);
      expect(() => userData(request(text))).to.throw(ClassifiedError, words).with.property('class', 'Invalid');
    });
  }

  it('refuses additions that make it too long for a cloud', () => {
    const long = `write_files:\n  - path: /x\n    content: ${'ü'.repeat(16_000)}\n`;
    expect(() => userData(request(long))).to.throw(/placement nuremberg: userData: with what the controller adds it has \d{5} bytes, and clouds take 32768/);
    expect(Buffer.byteLength(userData(request(`write_files:\n  - path: /x\n    content: ${'ü'.repeat(10_000)}\n`)))).to.be.below(32 * 1024);
  });
});
