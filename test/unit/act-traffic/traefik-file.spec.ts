import { expect } from 'chai';
import { chmod, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startBalancer } from '../../../controller/demo/balancer.ts';
import type { RemoteFiles, SSH } from '../../../controller/act/ssh/index.ts';
import { ClassifiedError, type Membership, type PoolMembership, type TraefikFile, isClass } from '../../../controller/model/index.ts';
import type { LoadBalancerSpec } from '../../../controller/ports/index.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { loadBalancerContract } from '../../support/load-balancer-contract.ts';
import { startAnswering } from '../../support/real/answering.ts';
import { seeded, wallClock } from '../demo/wall-clock.ts';
import { type FileInstance, fileAdapter, localFile, traefikFileWorld } from './traefik-file-world.ts';

/** The demo balancer, which reads the file through a poll, under the names of the file provider. */
async function readingBalancer(name: string): Promise<FileInstance> {
  const place = await localFile(name);
  const reader = await startAnswering((_request, response) => {
    place.text().then((text) => response.end(text.slice(text.indexOf('\n'))), () => response.writeHead(503).end());
  });
  const balancer = await startBalancer({ endpoint: reader.url, service: 'web', entryPoint: 'web', pollMilliseconds: 50, clock: wallClock, chance: seeded(7) });
  const api = await startAnswering((request, response) => {
    void fetch(balancer.apiURL + decodeURIComponent(request.url ?? '').replace('@file', '@http')).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
  });
  return {
    file: place.file, front: balancer.url, apiURL: api.url,
    close: async () => {
      await balancer.close();
      await Promise.all([api.stop(), reader.stop()]);
      await place.remove();
    },
  };
}

loadBalancerContract('Traefik files over the demo balancer', async () => traefikFileWorld(await Promise.all(['edge-1', 'edge-2'].map(readingBalancer)), undefined));

const poolOf = (files: TraefikFile[], over: Partial<PoolMembership> = {}): PoolMembership => ({
  pool: { namespace: 'shop', name: 'web' }, service: 'web', strategy: 'p2c', healthCheck: { path: '/up', intervalSeconds: 3, timeoutSeconds: 2 }, emptyWanted: false,
  members: [{ name: 'web-1', address: '10.0.0.5', port: 80, kind: 'Bought' }], files, ...over,
});
const membership = (generation: number, ...pools: PoolMembership[]): Membership => ({ generation, pools });
const specOf = (files: TraefikFile[]): LoadBalancerSpec => ({ traefik: { service: 'web', apiURLs: [], strategy: 'p2c', entryPoint: 'web', files } } as unknown as LoadBalancerSpec);
const unwritten = async (adapter: { confirm(spec: LoadBalancerSpec): Promise<{ instance: string; kind: string; why?: string }[]> }, files: TraefikFile[]): Promise<string[]> =>
  (await adapter.confirm(specOf(files))).map(({ instance, kind, why }) => `${kind} ${instance}: ${why}`);

/** Machines by address, each with files, or away. */
class Machines implements Pick<SSH, 'files'> {
  readonly held = new Map<string, Map<string, string>>();
  readonly away = new Map<string, 'Refuses' | 'Hangs'>();
  replaced = 0;

  of(address: string): Map<string, string> {
    const files = this.held.get(address) ?? new Map<string, string>();
    this.held.set(address, files);
    return files;
  }

  async files<T>({ endpoint: { address } }: Parameters<SSH['files']>[0], work: (files: RemoteFiles) => Promise<T>): Promise<T> {
    const away = this.away.get(address);
    if (away === 'Hangs') return await new Promise<never>(() => undefined);
    if (away === 'Refuses') throw new ClassifiedError('Unavailable', `${address} does not answer within 6 s`);
    const files = this.of(address);
    return await work({
      read: async (path) => files.get(path),
      replace: async (path, text, aside) => {
        expect(aside).to.match(/^\/etc\/traefik\/dynamic\/pools\.yml\.[a-z0-9]+\.next$/);
        this.replaced += 1;
        files.set(path, text);
      },
    });
  }
}

const PATH = '/etc/traefik/dynamic/pools.yml';
const remote = (name: string, address: string): TraefikFile => ({ name, path: PATH, ssh: { address, user: 'root', port: 22, hostKey: 'ssh-ed25519 AAAA' } });
const edges = [remote('edge-1', '10.0.0.1'), remote('edge-2', '10.0.0.2'), remote('edge-3', '10.0.0.3')];
const shortOf = (text = ''): string[] => [...text.matchAll(/"url": "http:\/\/([^"]+)"/g)].map(([, url]) => url!);

describe('files for Traefik on other machines', () => {
  let machines: Machines;
  beforeEach(() => {
    machines = new Machines();
  });

  it('are written to all of them, and not again while they hold it', async () => {
    const { adapter } = fileAdapter(machines);
    await adapter.apply(membership(1, poolOf(edges)));
    for (const { ssh } of edges) expect(shortOf(machines.of(ssh!.address).get(PATH))).to.deep.equal(['10.0.0.5:80']);
    await adapter.apply(membership(1, poolOf(edges)));
    await adapter.apply(membership(2, poolOf(edges), poolOf([], { service: 'other', pool: { namespace: 'shop', name: 'other' } })));
    expect(machines.replaced).to.equal(3);
    expect(await unwritten(adapter, edges)).to.deep.equal([]);
  });

  it('that were lost or changed by hand are brought back, at the same generation', async () => {
    const { adapter } = fileAdapter(machines);
    await adapter.apply(membership(1, poolOf(edges)));
    const before = machines.of('10.0.0.1').get(PATH)!;
    machines.of('10.0.0.1').delete(PATH);
    machines.of('10.0.0.2').set(PATH, before.replace('10.0.0.5', '10.0.0.66'));
    await adapter.apply(membership(1, poolOf(edges)));
    expect([...machines.held.values()].map((files) => files.get(PATH))).to.deep.equal([before, before, before]);
  });

  it('one of three away: the others have it, the third is named, and gets the newest when it is back', async () => {
    const { adapter } = fileAdapter(machines);
    await adapter.apply(membership(1, poolOf(edges)));
    machines.away.set('10.0.0.3', 'Refuses');
    const grown = [...poolOf(edges).members, { name: 'web-2', address: '10.0.0.6', port: 80, kind: 'Bought' as const }];
    await adapter.apply(membership(2, poolOf(edges, { members: grown })));
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => shortOf(machines.of(address).get(PATH)).length)).to.deep.equal([2, 2, 1]);
    expect(await unwritten(adapter, edges)).to.deep.equal([`Unwritten edge-3:${PATH}: 10.0.0.3 does not answer within 6 s`]);
    machines.away.clear();
    await adapter.apply(membership(2, poolOf(edges, { members: grown })));
    expect(shortOf(machines.of('10.0.0.3').get(PATH))).to.have.length(2);
    expect(await unwritten(adapter, edges)).to.deep.equal([]);
  });

  it('one that hangs holds the others up for no more than three seconds', async () => {
    const clock = createSimulatedClock(0);
    const { adapter } = fileAdapter(machines, clock);
    machines.away.set('10.0.0.3', 'Hangs');
    let applied = false;
    const applying = adapter.apply(membership(1, poolOf(edges))).then(() => { applied = true; });
    await clock.advance(2_999);
    expect(applied).to.be.false;
    await clock.advance(1);
    await applying;
    expect(shortOf(machines.of('10.0.0.1').get(PATH))).to.have.length(1);
    expect(await unwritten(adapter, edges)).to.deep.equal([`Unwritten edge-3:${PATH}: it was not told yet`]);
  });

  it('hold the pools that name them and no others', async () => {
    const { adapter } = fileAdapter(machines);
    const shop = poolOf([edges[0]!, edges[1]!]);
    const api = poolOf([edges[1]!], { pool: { namespace: 'api', name: 'web' }, service: 'api' });
    await adapter.apply(membership(1, shop, api));
    const services = (address: string): string[] => [...(machines.of(address).get(PATH) ?? '').matchAll(/^ {3}"([a-z]+)": \{$/gm)].map(([, name]) => name!);
    expect(services('10.0.0.1')).to.deep.equal(['web']);
    expect(services('10.0.0.2')).to.deep.equal(['api', 'web']);
    expect(machines.held.has('10.0.0.3')).to.be.false;
  });

  it('are not overwritten where somebody else wrote them, another installation too', async () => {
    const { adapter } = fileAdapter(machines);
    machines.of('10.0.0.1').set(PATH, 'http:\n  routers: {}\n');
    machines.of('10.0.0.2').set(PATH, '# Written by kamal-autoscaler for installation other, and overwritten.\n{}');
    await adapter.apply(membership(1, poolOf(edges)));
    expect(machines.of('10.0.0.1').get(PATH)).to.equal('http:\n  routers: {}\n');
    const told = await unwritten(adapter, edges);
    expect(told).to.have.length(2);
    expect(told[0]).to.equal(`Unwritten edge-1:${PATH}: edge-1:${PATH} is not overwritten: it holds something that this installation did not write: Name a file that is the controller's alone, or remove this one.`);
  });

  it('are not written by an instance that does not lead', async () => {
    const { adapter, leadership } = fileAdapter(machines);
    leadership.set(false);
    await adapter.apply(membership(1, poolOf(edges)));
    expect(machines.replaced).to.equal(0);
  });

  it('nowhere change for a membership that one of them may not get', async () => {
    const { adapter } = fileAdapter(machines);
    await adapter.apply(membership(1, poolOf(edges)));
    const bad = poolOf([edges[2]!], { service: 'other', pool: { namespace: 'shop', name: 'other' }, members: [] });
    const refused = await adapter.apply(membership(2, poolOf(edges, { members: [{ name: 'x', address: '10.9.9.9', port: 80, kind: 'Fixed' }] }), bad)).then(() => undefined, (error: unknown) => error);
    expect(isClass(refused, 'Invalid'), String(refused)).to.be.true;
    await adapter.apply(membership(1, poolOf(edges)));
    for (const { ssh } of edges) expect(shortOf(machines.of(ssh!.address).get(PATH))).to.deep.equal(['10.0.0.5:80']);
  });

  it('hold no template that Traefik would run', async () => {
    const { adapter } = fileAdapter(machines);
    await adapter.apply(membership(1, poolOf(edges, { healthCheck: { path: '/{{env`TOKEN`}}/{{{', intervalSeconds: 3, timeoutSeconds: 2 } })));
    const text = machines.of('10.0.0.1').get(PATH)!;
    expect(text).to.not.include('{{');
    expect(JSON.parse(text.slice(text.indexOf('\n')))).to.have.nested.property('http.services.web.loadBalancer.healthCheck.path', '/{{env`TOKEN`}}/{{{');
  });

  it('say what is missing where no key to log in with is set up', async () => {
    const { adapter } = fileAdapter(undefined);
    await adapter.apply(membership(1, poolOf(edges.slice(0, 1))));
    expect((await unwritten(adapter, edges.slice(0, 1)))[0]).to.match(/there is no key to log in with: Set KAMAL_AUTOSCALER_SSH_KEY_FILE\.$/);
  });
});

describe('a file for Traefik on this machine', () => {
  it('is whole, readable for everybody, alone in its folder, and not touched while it is right', async () => {
    const place = await localFile('here');
    const { adapter } = fileAdapter(undefined);
    try {
      await adapter.apply(membership(1, poolOf([place.file])));
      const { mode, mtimeMs, ino } = await stat(place.file.path);
      expect(mode & 0o777).to.equal(0o644);
      expect(await readdir(place.folder)).to.deep.equal(['pools.yml']);
      await adapter.apply(membership(2, poolOf([place.file])));
      expect(await stat(place.file.path)).to.include({ mtimeMs, ino });
    } finally {
      await place.remove();
    }
  });

  it('that cannot be written is told, with nothing left beside it', async () => {
    const place = await localFile('here');
    const elsewhere = { name: 'gone', path: join(place.folder, 'no', 'pools.yml') };
    const folderItself = { name: 'folder', path: place.folder };
    const { adapter } = fileAdapter(undefined);
    try {
      await adapter.apply(membership(1, poolOf([elsewhere, folderItself, place.file])));
      const told = await unwritten(adapter, [elsewhere, folderItself, place.file]);
      expect(told[0]).to.match(/there is no folder .*: Make it, and let `providers.file.directory` of Traefik name it\.$/);
      expect(told).to.have.length(2);
      expect(await readFile(place.file.path, 'utf8')).to.match(/^# Written by kamal-autoscaler for installation shop, and overwritten\.\n\{/);
      await writeFile(place.file.path, 'x'.repeat(5 * 1024 * 1024));
      await adapter.apply(membership(1, poolOf([place.file])));
      expect((await unwritten(adapter, [place.file]))[0]).to.include('more than the 4194304');
      expect(await readdir(place.folder)).to.deep.equal(['pools.yml']);
    } finally {
      await chmod(place.folder, 0o755);
      await rm(place.folder, { recursive: true });
    }
  });
});
