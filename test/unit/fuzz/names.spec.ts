import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { API_VERSION } from '../../../controller/api/index.ts';
import { createInventoryPublication } from '../../../controller/compose/inventory.ts';
import type { InventoryPool } from '../../../controller/model/index.ts';
import { admit } from '../../../controller/runtime/store/validation/index.ts';
import { writeKamalHome } from '../../../controller/act/ssh/index.ts';
import { hostile, runs, settledOrError, valueOrError } from './bounds.ts';

const name = fc.oneof(hostile, fc.constantFrom('..', '../shop', '/etc/passwd', 'shop/..', 'shop\0', 'a'.repeat(300), 'ѕhop', '․․', 'shop.', '.shop', '-shop', '-', '_', 'shop', 'shop-eu'));
const pool = (kamal: object, more: object = {}, metadata: object = { name: 'web' }): unknown => ({
  apiVersion: API_VERSION, kind: 'HostPool', metadata, spec: { kamal, roleKind: 'Job', maxReplicas: 3, fixedHosts: [{ name: 'a', address: '10.0.0.1' }], placements: [{ name: 'p', provider: 'Local', local: {} }], ...more },
});
const admitted = (document: unknown, kind: 'HostPool' | 'KamalHost' | 'DeploySession' = 'HostPool'): boolean => !(valueOrError(() => admit(kind, document)) instanceof Error);

/** One part of a path, which no system takes for more than a name. */
const isPlain = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/.test(text) && dirname(resolve('/folder', text)) === '/folder';

describe('names that become files, folders and arguments', () => {
  it('are checked where they come in', () => {
    expect(admitted(pool({ service: 'shop', role: 'web', destination: 'eu' }))).to.equal(true);
    fc.assert(fc.property(name, fc.constantFrom('service', 'role', 'destination', 'name', 'namespace'), (text, field) => {
      const kamal = { service: 'shop', role: 'web', destination: 'eu', ...(['service', 'role', 'destination'].includes(field) ? { [field]: text } : {}) };
      const metadata = { name: 'web', namespace: 'default', ...(field === 'name' || field === 'namespace' ? { [field]: text } : {}) };
      if (admitted(pool(kamal, {}, metadata))) expect(isPlain(text), `${field} ${JSON.stringify(text)}`).to.equal(true);
    }), runs(400));
  });

  it('of a lock and of a server too', () => {
    const session = (service: string, destination: string): unknown => ({ apiVersion: API_VERSION, kind: 'DeploySession', metadata: { name: 'shop' }, spec: { service, destination, operationID: 'a/b', deadline: '2027-01-01T00:00:00Z' } });
    expect(admitted(session('shop', 'eu'), 'DeploySession')).to.equal(true);
    fc.assert(fc.property(name, name, (one, other) => {
      if (admitted(session(one, 'eu'), 'DeploySession')) expect(isPlain(one), one).to.equal(true);
      if (admitted(session('shop', other), 'DeploySession')) expect(isPlain(other), other).to.equal(true);
      if (admitted({ apiVersion: API_VERSION, kind: 'KamalHost', metadata: { name: 'web-1' }, spec: { poolRef: { name: 'web' }, hostID: one, slot: 1, intent: 'Serve' } }, 'KamalHost')) expect(isPlain(one), one).to.equal(true);
    }), runs(400));
  });

  it('of hosts are addresses: none begins like an option, or holds a comma, a blank or a slash', () => {
    fc.assert(fc.property(fc.oneof(name, fc.constantFrom('-oProxyCommand', '-Ffile', '10.0.0.1,10.0.0.2', '10.0.0.1 x', 'a@b', '10.0.0.1/x', '::1', 'a.example')), (text) => {
      const fixed = { fixedHosts: [{ name: 'a', address: text, sshAddress: text }] };
      const jump = { ssh: { jumpHost: { address: text, hostKey: 'ssh-ed25519 AAAA' } } };
      for (const more of [fixed, jump]) if (admitted(pool({ service: 'shop', role: 'web' }, more))) expect(text).to.match(/^[A-Za-z0-9:][A-Za-z0-9.:-]*$/);
    }), runs(400));
    expect(admitted(pool({ service: 'shop', role: 'web' }, { fixedHosts: [{ name: 'a', address: '-oX' }] }))).to.equal(false);
  });

  it('give every list of the inventory a file of its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'names-'));
    try {
      const lists = [['shop', undefined], ['shop', 'details'], ['shop', 'known_hosts'], ['shop', 'json'], ['authorized_keys', undefined]] as const;
      const publication = createInventoryPublication({ clock: { now: () => 0, sleep: async () => undefined }, leadership: { isLeader: () => true, onChange: () => undefined } as never, log: { log: (_, message) => { throw new Error(message); } }, folder });
      await publication.publish({ generation: 1, changedAt: 0, checkedAt: 0, authorizedKeys: ['ssh-ed25519 AAAA a'], pools: lists.map(([service, destination]): InventoryPool => ({ pool: { namespace: 'a', name: 'b' }, service, ...(destination === undefined ? {} : { destination }), role: `${service}-${destination}`, ssh: { port: 22 }, hosts: [] })) });
      const { readFile } = await import('node:fs/promises');
      for (const [service, destination] of lists) {
        const list = JSON.parse(await readFile(join(folder, `${destination === undefined ? service : `${service}.${destination}`}.json`), 'utf8')) as object;
        expect(Object.keys(list)).to.deep.equal([`${service}-${destination}`]);
      }
      expect((await readdir(folder)).filter((file) => !isPlain(file))).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('of the state folder are refused where SSH settings or a shell would read more in them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'names-'));
    try {
      for (const piece of ['a b', 'a;b', '$(id)', '`id`', 'a&b', 'a|b', '${HOME}', '%h', 'a"b', "a'b", 'a\nb', 'a*', 'a>b', '~']) {
        const result = await settledOrError(() => writeKamalHome(join(folder, piece), [], { clientKey: { privateKey: 'key' }, path: '/usr/bin' }));
        expect(result, piece).to.be.instanceOf(Error);
      }
      expect(await readdir(folder)).to.deep.equal([]);
      expect(await settledOrError(() => writeKamalHome(join(folder, 'jürgen+x,1@2.3'), [], { clientKey: { privateKey: 'key' }, path: '/usr/bin' }))).to.have.property('environment');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
