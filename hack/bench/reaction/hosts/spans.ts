/** Parts of a bring-up on real hosts. Pure. */
import type { Instant, Phase } from '../../../../controller/model/index.ts';

/** When the phases of one host began. */
export type PhaseTimes = Partial<Record<Phase, Instant>>;

/** Seconds; of several hosts each is the longest, and `total` ends with the last one. */
export interface BringUp {
  /** From the number to the create call's answer, and until the cloud says that the server runs. */
  boot: number;
  /** Until SSH answers, cloud-init is done, Docker answers, and the host's own key is pinned and in power. */
  bootstrap: number;
  /** Until Kamal has brought the application up, the wait for its lock and for a turn included. */
  kamal: number;
  /** Until every load balancer confirms the member, pre-join checks included. */
  join: number;
  /** From the number to the last host in service. */
  total: number;
}

/** Throws for a host that came into service without a phase. */
export function bringUpOf(asked: Instant, hosts: readonly PhaseTimes[]): BringUp {
  const spans = hosts.map((times) => {
    const [bootstrapping, deploying, joining, inService] = [at(times, 'Bootstrapping'), at(times, 'Deploying'), at(times, 'Joining'), at(times, 'InService')];
    return { boot: bootstrapping - asked, bootstrap: deploying - bootstrapping, kamal: joining - deploying, join: inService - joining, total: inService - asked };
  });
  const longest = (part: keyof BringUp): number => Math.max(...spans.map((span) => span[part])) / 1_000;
  return { boot: longest('boot'), bootstrap: longest('bootstrap'), kamal: longest('kamal'), join: longest('join'), total: longest('total') };
}

function at(times: PhaseTimes, phase: Phase): Instant {
  const since = times[phase];
  if (since === undefined) throw new Error(`a host came into service without phase ${phase}: ${JSON.stringify(times)}`);
  return since;
}
