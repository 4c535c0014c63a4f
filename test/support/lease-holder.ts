/** A process of its own that competes for a Lease, for tests that freeze and kill it: `node lease-holder.ts KUBECONFIG`. */
import { connect, LEASE_TIMEOUT_MILLISECONDS, leaseObject, LeaseElection, openApi, processIdentity } from '../../controller/runtime/cluster/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';

/** One line of its output. */
export type LeaseLine =
  | { kind: 'Identity'; identity: string }
  /** What it was told by its election. */
  | { kind: 'Told'; leader: boolean }
  /** What it found when it asked after it had not run for a while. */
  | { kind: 'Woke'; leader: boolean };

const TICK_MILLISECONDS = 20;
const ASLEEP_MILLISECONDS = 1000;

const say = (line: LeaseLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const [, , kubeconfig] = process.argv;
if (kubeconfig === undefined) throw new Error('write: lease-holder.ts KUBECONFIG');
const connection = connect({ kubeconfig });
const identity = processIdentity();
const election = new LeaseElection(leaseObject(openApi(connection, { timeoutMilliseconds: LEASE_TIMEOUT_MILLISECONDS }), connection.namespace, 'kamal-autoscaler'), {
  clock: systemClock,
  monotonic: () => performance.now(),
  random: Math.random,
  identity,
  leaseDurationSeconds: 3,
  renewDeadlineSeconds: 2,
  retryPeriodSeconds: 0.5,
});
say({ kind: 'Identity', identity });
election.onChange((leader) => say({ kind: 'Told', leader }));
election.start();

let ticked = performance.now();
const ticking = setInterval(() => {
  const now = performance.now();
  if (now - ticked > ASLEEP_MILLISECONDS) say({ kind: 'Woke', leader: election.isLeader() });
  ticked = now;
}, TICK_MILLISECONDS);

process.once('SIGTERM', () => {
  clearInterval(ticking);
  void election.stop();
});
