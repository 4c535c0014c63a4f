import { expect } from 'chai';
import { createAbsentDeployer, createAbsentLock } from '../../../controller/act/deploy/absent.ts';
import { createLocalDeployer } from '../../../controller/act/deploy/local.ts';
import { createRoutedDeployer } from '../../../controller/act/deploy/routed.ts';
import type { ObjectKey } from '../../../controller/api/index.ts';
import type { DeployTarget, Deployer } from '../../../controller/ports/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { POOL_NEEDS } from '../../support/pool-needs.ts';
import { until } from '../../support/real/until.ts';

const WHY = 'no projects of Kamal are set up';
const role = { service: 'app', role: 'web' };
const target = (control?: number): DeployTarget => ({
  host: { namespace: 'default', name: control === undefined ? 'real' : 'local' }, role, ssh: POOL_NEEDS.ssh, identity: { kind: 'Bought', hostID: 'id' },
  endpoint: { address: '127.0.0.1', ports: { http: 80, ...(control === undefined ? {} : { control }) } },
});

/** A deployer that says its name. */
function named(name: string): Deployer {
  const known = new Set<string>();
  return {
    inspect: async () => ({ machine: { kind: 'Unreachable', why: name }, app: { kind: 'Unknown' } }),
    start: async ({ id }) => void known.add(id),
    observe: (id) => (known.has(id) ? { kind: 'Running' } : { kind: 'Lost' }),
    survives: async () => (name === 'kamal' ? 'Unknown' : 'Ended'),
    onEnd: () => undefined,
    evidence: async () => ({ texts: [], missing: [{ name, why: name }] }),
    reference: async () => ({ kind: 'Unknown', why: name }),
    needsLock: () => name === 'kamal',
  };
}

describe('deployers side by side', () => {
  const routed = createRoutedDeployer({ control: named('control'), kamal: named('kamal'), isKamals: async ({ service }) => service === 'shop' });

  it('each get the targets that they can reach', async () => {
    expect((await routed.inspect(target(9000))).machine).to.have.property('why', 'control');
    expect((await routed.inspect(target())).machine).to.have.property('why', 'kamal');
    expect((await routed.evidence(target(9000), 1)).missing).to.deep.equal([{ name: 'control', why: 'control' }]);
    expect([routed.needsLock(target(9000)), routed.needsLock(target())]).to.deep.equal([false, true]);
  });

  it('know each other\'s operations', async () => {
    await routed.start({ id: 'a', kind: 'Stop', target: target(9000) });
    await routed.start({ id: 'b', kind: 'Stop', target: target() });
    expect(['a', 'b', 'c'].map((id) => routed.observe(id).kind)).to.deep.equal(['Running', 'Running', 'Lost']);
    expect(await routed.survives('a')).to.equal('Unknown');
  });

  it('compare hosts of one kind, and say when they are not', async () => {
    const why = async (...targets: DeployTarget[]) => (await routed.reference(targets, role) as { why: string }).why;
    expect(await why(target(1), target(2))).to.equal('control');
    expect(await why(target())).to.equal('kamal');
    expect(await why(target(1), target())).to.match(/only one has a control port/);
  });

  it('leave a role without hosts to who has its project', async () => {
    expect(await routed.reference([], role)).to.have.property('why', 'control');
    expect(await routed.reference([], { ...role, service: 'shop' })).to.have.property('why', 'kamal');
  });
});

describe('a deployer that is not set up', () => {
  const absent = createAbsentDeployer(WHY);

  it('says so in every fact', async () => {
    expect(await absent.inspect(target())).to.deep.equal({ machine: { kind: 'Unreachable', why: WHY }, app: { kind: 'Unknown' } });
    expect(await absent.reference([target()], role)).to.deep.equal({ kind: 'Unknown', why: WHY });
    expect(await createAbsentLock(WHY).acquire({ service: 'app' }, 'op')).to.deep.equal({ kind: 'Unknown', class: 'Invalid', why: WHY });
  });

  it('fails every operation with the reason, and tells its end', async () => {
    const told: ObjectKey[] = [];
    absent.onEnd((key) => told.push(key));
    await absent.start({ id: 'x', kind: 'Deploy', target: target(), version: 'v1' });
    await until('its end', () => told.length === 1, { everyMs: 5 });
    expect(absent.observe('x')).to.deep.equal({ kind: 'Failed', class: 'Invalid', message: WHY, replaceHost: false });
    expect(absent.observe('y')).to.deep.equal({ kind: 'Lost' });
  });

  it('leaves local hosts as they were', async () => {
    const local = createLocalDeployer({ clock: systemClock, firstVersion: 'local', control: { facts: async () => ({ machine: 'Ready', starts: 0 }), deploy: async () => undefined, quiesce: async () => undefined, resume: async () => undefined, stop: async () => undefined } });
    const both = createRoutedDeployer({ control: local, kamal: absent, isKamals: async () => false });
    expect(await both.reference([], role)).to.deep.equal({ kind: 'Agreed', version: 'local' });
    expect(await both.inspect(target(9000))).to.deep.equal({ machine: { kind: 'Ready' }, app: { kind: 'NotRunning' } });
  });
});
