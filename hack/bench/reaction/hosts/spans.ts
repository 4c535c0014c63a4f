/** Parts of a bring-up on real hosts. Pure. */
import type { Instant, Phase } from '../../../../controller/model/index.ts';

/** When the phases of one host began. */
export type PhaseTimes = Partial<Record<Phase, Instant>>;

/** One process of Kamal. */
export interface Run {
  from: Instant;
  to: Instant;
  /** Its arguments. */
  words: readonly string[];
}

export interface HostTimes {
  address: string;
  phases: PhaseTimes;
  /** cloud-init was done, by the machine's own word. */
  machineReady: Instant;
}

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
  /** What of all this is the controller's: from the number to the create call, and from a ready machine to the join, less the processes of Kamal. */
  own: number;
  /** From the number to the last host in service. */
  total: number;
}

/** Throws for a host that came into service without a phase. */
export function bringUpOf(asked: Instant, hosts: readonly HostTimes[], runs: readonly Run[]): BringUp {
  const spans = hosts.map(({ phases, address, machineReady }) => {
    const [provisioning, bootstrapping, deploying, joining, inService] = [at(phases, 'Provisioning'), at(phases, 'Bootstrapping'), at(phases, 'Deploying'), at(phases, 'Joining'), at(phases, 'InService')];
    const kamals = runs.filter(({ words }) => words.some((word) => word === `--hosts=${address}`));
    return {
      boot: bootstrapping - asked, bootstrap: deploying - bootstrapping, kamal: joining - deploying, join: inService - joining, total: inService - asked,
      own: provisioning - asked + joining - machineReady - busy(kamals, machineReady, joining),
    };
  });
  const longest = (part: keyof BringUp): number => Math.max(...spans.map((span) => span[part])) / 1_000;
  return { boot: longest('boot'), bootstrap: longest('bootstrap'), kamal: longest('kamal'), join: longest('join'), own: longest('own'), total: longest('total') };
}

/** Milliseconds within [from, to] in which at least one of them ran. */
function busy(runs: readonly Run[], from: Instant, to: Instant): number {
  let [sum, until] = [0, from];
  for (const run of runs.toSorted((a, b) => a.from - b.from)) {
    const [begin, end] = [Math.max(run.from, until), Math.min(run.to, to)];
    if (end > begin) sum += end - begin;
    until = Math.max(until, end);
  }
  return sum;
}

function at(times: PhaseTimes, phase: Phase): Instant {
  const since = times[phase];
  if (since === undefined) throw new Error(`a host came into service without phase ${phase}: ${JSON.stringify(times)}`);
  return since;
}
