import { expect } from 'chai';
import { type World, createWorld, fillShop, read } from './world.ts';

describe('quarantine and protect', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });
  const annotations = async (): Promise<unknown> => (await read(world, 'KamalHost', 'web-1-c0ffee00')).metadata.annotations;

  it('set a mark on a host and take it off, and describe shows it', async () => {
    expect(await world.call('quarantine web-1-c0ffee00')).to.deep.equal({ exitCode: 0, stdout: 'kamalhost/web-1-c0ffee00 leaves service and is kept until it is released or deleted\n', stderr: '' });
    expect(await annotations()).to.deep.equal({ 'kamal-autoscaler.dev/quarantined': 'true' });
    expect((await world.call('protect kh/web-1-c0ffee00')).stdout).to.equal('kamalhost/web-1-c0ffee00 is never chosen by a scale-in or a roll\n');
    expect((await world.call('protect web-1-c0ffee00')).stdout).to.equal('kamalhost/web-1-c0ffee00 is never chosen by a scale-in or a roll already\n');
    const described = (await world.call('describe kh web-1-c0ffee00')).stdout;
    expect(described).to.match(/\nProtected: +yes: never chosen by a scale-in or a roll\nQuarantine: +yes: out of service, its server is kept and paid for\n/);
    expect((await world.call('quarantine web-1-c0ffee00 --release')).stdout).to.equal('kamalhost/web-1-c0ffee00 goes back to its pool\n');
    expect((await world.call('protect web-1-c0ffee00 --off')).stdout).to.equal('kamalhost/web-1-c0ffee00 may be chosen by a scale-in or a roll again\n');
    expect(await annotations() ?? {}).to.deep.equal({});
  });

  it('refuse what is no host, and a host whose deletion was asked for', async () => {
    expect(await world.call('quarantine hp/web')).to.include({ exitCode: 2, stderr: 'error: hp/web is no host\nmend: write the name of a KamalHost\n' });
    expect(await world.call('protect web-9')).to.include({ exitCode: 3 });
    const host = await read(world, 'KamalHost', 'web-1-c0ffee00');
    await world.store.update('KamalHost', { ...host, metadata: { ...host.metadata, finalizers: ['kamal-autoscaler.dev/server'] } });
    await world.store.delete('KamalHost', { namespace: 'default', name: 'web-1-c0ffee00' });
    const { exitCode, stderr } = await world.call('quarantine web-1-c0ffee00');
    expect(exitCode).to.equal(4);
    expect(stderr).to.contain('cannot be kept by quarantine any more');
    expect(await annotations()).to.equal(undefined);
  });
});
