import { expect } from 'chai';
import type { Evidence } from '../../../controller/model/index.ts';
import { NOON, type World, createWorld, fillShop, read } from './world.ts';

const record = (over: Partial<Evidence> = {}): Evidence => ({
  host: 'web-3-c0ffee00', hostID: 'host-id-3', cause: 'StartFailed', reason: 'deploy failed 3 times', gatheredAt: NOON - 60_000,
  server: 'server local:3 in here is Running', status: { phase: 'Deprovisioning', version: 'v7' },
  texts: [{ name: 'app log', text: 'boot\nPG::ConnectionBad \u001b[31m[REDACTED]' }], missing: [{ name: 'kamal', why: 'this controller has not run Kamal on it since it started' }], ...over,
});

describe('evidence', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
    world.evidence = [record(), record({ hostID: 'host-id-2', gatheredAt: NOON - 7_200_000, reason: 'earlier' })];
  });

  it('prints the newest record of a host that is gone, with what could not be had', async () => {
    const { exitCode, stdout, stderr } = await world.call('evidence web-3-c0ffee00');
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^Host: +web-3-c0ffee00\n/);
    expect(stdout).to.match(/\nCause: +StartFailed\nReason: +deploy failed 3 times\nGathered: +2026-10-05T11:59:00.000Z, 60s ago\n/);
    expect(stdout).to.match(/No kamal: +this controller has not run Kamal/);
    expect(stdout, 'no escape sequence of a log reaches the terminal').to.match(/app log:\n  boot\n  PG::ConnectionBad [^\u001b]*\[REDACTED\]\n/);
    expect(stderr).to.equal('remark: 1 older record under this name: --all\n');
  });

  it('prints everything for programs', async () => {
    expect(JSON.parse((await world.call('evidence kh/web-3-c0ffee00 -o json')).stdout)).to.deep.equal(world.evidence[0]);
    expect(JSON.parse((await world.call('evidence web-3-c0ffee00 -o json --all')).stdout)).to.deep.equal(world.evidence);
  });

  it('says of whom there is some where there is none', async () => {
    expect(await world.call('evidence web-9')).to.deep.equal({ exitCode: 3, stdout: '', stderr: 'error: no evidence of a host "web-9" is kept in namespace default\nmend: there is evidence of web-3-c0ffee00\n' });
    expect(await world.call('evidence web-9 --pool jobs')).to.include({ exitCode: 3 });
    expect(await world.call('evidence web-9 -o yaml')).to.include({ exitCode: 2 });
  });

  it('is named where the pool is described, and where somebody asks for the host', async () => {
    const pool = await read(world, 'HostPool', 'web');
    const evidence = [{ host: 'web-3-c0ffee00', cause: 'StartFailed' as const, reason: 'deploy failed 3 times', at: new Date(NOON - 60_000).toISOString() }];
    await world.store.updateStatus('HostPool', { ...pool, status: { ...pool.status, evidence } });
    expect(await world.call('describe kh web-3-c0ffee00')).to.deep.equal({ exitCode: 3, stdout: '', stderr: 'error: kamalhost "web-3-c0ffee00" of pool web failed and is gone\nmend: what it said is kept: kamal-autoscaler evidence web-3-c0ffee00\n' });
    expect((await world.call('describe kh web-9')).stderr).to.contain('not found in namespace default');
    expect((await world.call('describe hp web')).stdout.replace(/\s+/g, ' ')).to.contain('Evidence: 60s StartFailed: deploy failed 3 times; kamal-autoscaler evidence web-3-c0ffee00 ');
  });
});
