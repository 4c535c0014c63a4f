import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { CONTROL_PLANE_PARTS, fromRoot, startControlPlane } from '../support/control-plane.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import type { LeaseLine } from '../support/lease-holder.ts';
import { realSuite } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

interface Holder {
  child: ChildProcess;
  lines: LeaseLine[];
  identity(): Promise<string>;
  leads(): boolean;
}

realSuite('the lease on a real kube-apiserver', CONTROL_PLANE_PARTS, function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let kubeconfig: string;
  const children: ChildProcess[] = [];

  before(async () => {
    plane = await startControlPlane();
    // With the permissions of manifests/ alone.
    kubeconfig = await plane.server.serviceAccountKubeconfig('kamal-autoscaler', 'kamal-autoscaler');
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await ended(child, 'SIGKILL');
  });

  after(async () => {
    await plane?.stop();
  });

  const start = (): Holder => {
    const child = spawn(process.execPath, [fromRoot('test/support/lease-holder.ts'), kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines: LeaseLine[] = [];
    createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text) as LeaseLine));
    const told = (): boolean | undefined => lines.findLast((line) => line.kind === 'Told')?.leader;
    return {
      child,
      lines,
      leads: () => told() === true,
      identity: async () => (await until('the identity', () => lines.find((line) => line.kind === 'Identity'))).identity,
    };
  };

  const holder = async (): Promise<string> => await plane.kubectl(['get', 'lease', 'kamal-autoscaler', '-n', 'kamal-autoscaler', '-o', 'jsonpath={.spec.holderIdentity}']);

  const leaderAndStandby = async (): Promise<[leader: Holder, standby: Holder]> => {
    const leader = start();
    await until('a leader', leader.leads);
    const standby = start();
    await standby.identity();
    return [leader, standby];
  };

  it('is handed over at once by a graceful stop', async () => {
    const [leader, standby] = await leaderAndStandby();
    const since = performance.now();
    leader.child.kill('SIGTERM');
    await until('the successor', standby.leads, { everyMs: 20 });
    // Less than the lease duration of 3 s, which a crash would cost.
    expect(performance.now() - since).to.be.lessThan(2_500);
    expect(await holder()).to.equal(await standby.identity());
    await ended(standby.child, 'SIGTERM');
    expect(await holder()).to.equal('');
  });

  it('passes on when its holder is killed', async () => {
    const [leader, standby] = await leaderAndStandby();
    await ended(leader.child, 'SIGKILL');
    await until('the successor', standby.leads);
    expect(await holder()).to.equal(await standby.identity());
  });

  it('is lost by a frozen holder, which knows so when it wakes', async () => {
    const [leader, standby] = await leaderAndStandby();
    leader.child.kill('SIGSTOP');
    await until('the successor', standby.leads);
    leader.child.kill('SIGCONT');
    await until('the waking', () => leader.lines.some(({ kind }) => kind === 'Woke'));
    expect(leader.lines.filter((line) => line.kind === 'Woke')).to.deep.equal([{ kind: 'Woke', leader: false }]);
    await until('the news', () => !leader.leads());
    expect(standby.leads()).to.equal(true);
    expect(await holder()).to.equal(await standby.identity());
  });

  it('is given up while the API server does not answer, and held again by one when it does', async () => {
    const [leader, standby] = await leaderAndStandby();
    plane.server.process.signal('SIGSTOP');
    try {
      await until('the end of leading', () => !leader.leads() && !standby.leads());
    } finally {
      plane.server.process.signal('SIGCONT');
    }
    await until('one leader', () => leader.leads() !== standby.leads(), { deadlineMs: 30_000 });
  });
});

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
