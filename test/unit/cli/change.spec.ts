import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { type World, createWorld, fillShop, policy, pool, read } from './world.ts';

describe('scale', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });

  it('sets replicas of a pool that no policy scales', async () => {
    expect(await world.call('scale jobs --replicas 3')).to.deep.equal({ exitCode: 0, stdout: 'hostpool/jobs scaled to 3 hosts\n', stderr: '' });
    expect((await read(world, 'HostPool', 'jobs')).spec.replicas).to.equal(3);
    expect((await world.call('scale hostpool/jobs --replicas 1')).stdout).to.equal('hostpool/jobs scaled to 1 host, was 3\n');
  });

  it('sets replicas under a policy that sets none itself', async () => {
    const web = await read(world, 'ScalingPolicy', 'web');
    await world.store.update('ScalingPolicy', { ...web, spec: { ...web.spec, mode: 'Recommend' } });
    expect((await world.call('scale web --replicas 3')).exitCode).to.equal(0);
    expect((await read(world, 'HostPool', 'web')).spec.replicas).to.equal(3);
    expect((await world.call('scale web --replicas 3 --for 2h')).stderr).to.contain('is in mode Recommend and sets no number');
  });

  it('holds a number for a time in the policy of the pool, and gives it back', async () => {
    expect(await world.call(['scale', 'web', '--replicas', '3', '--for', '2h', '--reason', 'sale at noon']))
      .to.deep.equal({ exitCode: 0, stdout: 'scalingpolicy/web holds hostpool/web at 3 hosts until 2026-10-05T14:00:00Z\n', stderr: '' });
    expect((await read(world, 'ScalingPolicy', 'web')).spec.hold).to.deep.equal({ hosts: 3, until: '2026-10-05T14:00:00Z', reason: 'sale at noon' });
    expect((await read(world, 'HostPool', 'web')).spec.replicas).to.equal(4);
    expect((await world.call('describe sp web')).stdout).to.contain('\nHold:       3 hosts until 2026-10-05T14:00:00Z (120m left): sale at noon\n');
    expect((await world.call('scale web --end-hold')).stdout).to.equal('scalingpolicy/web scales hostpool/web again\n');
    expect((await read(world, 'ScalingPolicy', 'web')).spec.hold).to.equal(undefined);
    expect((await world.call('scale web --end-hold')).stdout).to.equal('hostpool/web is not held\n');
  });

  it('writes the hold into the older of two policies, which is the one that scales', async () => {
    await world.put('ScalingPolicy', policy('a-younger'));
    await world.call('scale web --replicas 2 --for 90s');
    expect((await read(world, 'ScalingPolicy', 'web')).spec.hold?.until).to.equal('2026-10-05T12:01:30Z');
    expect((await read(world, 'ScalingPolicy', 'a-younger')).spec.hold).to.equal(undefined);
  });

  it('tries again when somebody else wrote in between', async () => {
    const { update } = world.store;
    let conflicts = 2;
    world.store.update = async (kind, object) => {
      if (conflicts === 0) return await update(kind, object);
      conflicts -= 1;
      throw new ClassifiedError('Conflict', 'was changed');
    };
    expect((await world.call('scale web --replicas 3 --for 30m')).exitCode).to.equal(0);
    expect((await read(world, 'ScalingPolicy', 'web')).spec.hold?.hosts).to.equal(3);
  });

  const refused: [string, number, string][] = [
    ['scale web --replicas 3', 4, 'error: hostpool/web is scaled by scalingpolicy/web, which would undo this\nmend: hold the number for a time: kamal-autoscaler scale web --replicas 3 --for 2h\n'],
    ['scale web --replicas 9 --for 1d', 4, "error: --replicas 9 is outside minHosts 1 to maxHosts 4 of scalingpolicy/web\nmend: write a number within, or change the policy's limits\n"],
    ['scale jobs --replicas 3 --for 2h', 4, 'error: no policy scales hostpool/jobs, so nothing would end a hold\nmend: leave --for out: the number then stays until it is changed\n'],
    ['scale jobs --replicas 11', 4, 'error: --replicas 11 is more than spec.maxReplicas 10 of hostpool/jobs\nmend: write at most that, or raise spec.maxReplicas\n'],
    ['scale job --replicas 1', 3, 'error: hostpool "job" not found in namespace default\nmend: did you mean jobs?\n'],
    ['scale jobs --replicas -1', 2, 'error: --replicas "-1" is no number of hosts\nmend: write a whole number from 0 to 500\n'],
    ['scale jobs --replicas 1e2', 2, 'error: --replicas "1e2" is no number of hosts\nmend: write a whole number from 0 to 500\n'],
    ['scale web --replicas 3 --for soon', 2, 'error: --for "soon" is no duration up to a year\nmend: write a number with s, m, h or d, such as 90s, 30m, 2h or 1d\n'],
    ['scale web --replicas 3 --for 0s', 2, 'error: --for "0s" is no duration up to a year\nmend: write a number with s, m, h or d, such as 90s, 30m, 2h or 1d\n'],
    ['scale web', 2, 'error: no number of hosts is given\nmend: write --replicas N, or --end-hold\n'],
    ['scale web --replicas 3 --reason x', 2, 'error: --reason is kept with a hold only\nmend: write --for DURATION too, or leave --reason out\n'],
    ['scale web --replicas 3 --end-hold', 2, 'error: --end-hold goes with no other number\nmend: leave --replicas, --for and --reason out\n'],
    ['scale sp/web --replicas 3', 2, 'error: sp/web is no pool\nmend: write the name of a HostPool\n'],
    ['scale', 2, "error: missing required argument 'pool'\nmend: see `kamal-autoscaler COMMAND --help`\n"],
  ];
  for (const [line, exitCode, stderr] of refused) {
    it(`answers \`${line}\` with exit code ${exitCode}, changes nothing and says what to write`, async () => {
      const before = [await world.store.list('HostPool'), await world.store.list('ScalingPolicy')];
      expect(await world.call(line)).to.deep.equal({ exitCode, stdout: '', stderr });
      expect([await world.store.list('HostPool'), await world.store.list('ScalingPolicy')]).to.deep.equal(before);
    });
  }
});

describe('pause and resume', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });

  it('sets spec.paused of one pool, and takes it back', async () => {
    expect((await world.call('pause web')).stdout).to.equal('hostpool/web paused\n');
    expect((await read(world, 'HostPool', 'web')).spec.paused).to.equal(true);
    expect((await read(world, 'HostPool', 'jobs')).spec.paused).to.equal(false);
    expect((await world.call('pause web')).stdout).to.equal('hostpool/web paused already\n');
    expect((await world.call('resume hp/web')).stdout).to.equal('hostpool/web resumed\n');
    expect((await read(world, 'HostPool', 'web')).spec.paused).to.equal(false);
  });

  it('pauses all pools of all namespaces by one command, or those of one', async () => {
    await world.put('HostPool', pool('web', {}, 'staging'));
    expect((await world.call('pause --all')).stdout).to.equal('hostpool/jobs paused\nhostpool/web paused\nhostpool/web paused in namespace staging\n');
    expect((await world.call('resume --all -n staging')).stdout).to.equal('hostpool/web resumed in namespace staging\n');
    expect((await world.store.list('HostPool')).map(({ spec }) => spec.paused)).to.deep.equal([true, true, false]);
  });

  it('wants a pool or --all, and not both', async () => {
    expect(await world.call('pause')).to.deep.equal({ exitCode: 2, stdout: '', stderr: 'error: no pool is named\nmend: write kamal-autoscaler pause POOL, or --all\n' });
    expect((await world.call('resume web --all')).exitCode).to.equal(2);
    expect((await world.call('pause wbe')).stderr).to.equal('error: hostpool "wbe" not found in namespace default\nmend: did you mean web?\n');
    expect((await world.call('pause --all -n empty')).exitCode).to.equal(3);
  });
});

describe('roll', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });
  const annotations = async (): Promise<Record<string, string>> => (await read(world, 'HostPool', 'web')).metadata.annotations ?? {};

  it('asks for a roll, pauses it and lets it go on', async () => {
    expect((await world.call('roll hostpool/web')).exitCode).to.equal(0);
    expect(await annotations()).to.deep.equal({ 'kamal-autoscaler.dev/roll': '2026-10-05T12:00:00.000Z' });
    await world.call('roll web --pause');
    expect(await annotations()).to.include({ 'kamal-autoscaler.dev/roll-paused': 'true' });
    expect((await world.call('roll web --pause')).stdout).to.equal('the roll of hostpool/web is paused already\n');
    await world.call('roll web --resume');
    expect(await annotations()).to.include({ 'kamal-autoscaler.dev/roll-paused': 'false' });
  });

  it('begins another one when the last has ended, or when it is told to', async () => {
    await world.call('roll web');
    await world.clock.advance(1000);
    expect((await world.call('roll web')).exitCode).to.equal(4);
    expect((await world.call('roll web --restart')).exitCode).to.equal(0);
    expect(await annotations()).to.include({ 'kamal-autoscaler.dev/roll': '2026-10-05T12:00:01.000Z' });
    const web = await read(world, 'HostPool', 'web');
    await world.store.updateStatus('HostPool', { ...web, status: { ...web.status, rollout: { updated: 1, outdated: 0, completed: '2026-10-05T12:00:01.000Z', completedAt: '2026-10-05T12:05:00.000Z' } } });
    await world.clock.advance(1000);
    await world.call('roll web --pause');
    expect((await world.call('roll web')).stdout).to.equal('hostpool/web rolls: hosts that were bought before 2026-10-05T12:00:02.000Z are replaced\n');
    expect(await annotations()).to.include({ 'kamal-autoscaler.dev/roll-paused': 'false' });
  });

  it('shows how far it is', async () => {
    expect((await world.call('roll web --status')).stdout).to.equal('hostpool/web: no controller has looked yet\n');
    const web = await read(world, 'HostPool', 'web');
    await world.store.updateStatus('HostPool', { ...web, status: { ...web.status, conditions: [{ type: 'HostsCurrent', status: 'False', reason: 'Rolling', message: '1 of 2 bought hosts are still to be replaced', lastTransitionTime: '2026-10-05T12:00:00Z' }] } });
    expect((await world.call('roll web --status')).stdout).to.equal('hostpool/web: Rolling: 1 of 2 bought hosts are still to be replaced\n');
  });

  it('refuses two wishes at once, and a pool that is not there', async () => {
    expect(await world.call('roll web --pause --status')).to.include({ exitCode: 2, stderr: 'error: --pause and --status are given together\nmend: write one of them\n' });
    expect((await world.call('roll wbe')).exitCode).to.equal(3);
  });
});
