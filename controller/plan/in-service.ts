import { type HostFacts, type HostStep, type Instant, seconds } from '../model/index.ts';
import { membershipText } from './evidence.ts';
import type { HostView, Work } from './host-view.ts';
import { ROLES } from './role.ts';
import { changed, maySpare, seenDown } from './unfit.ts';

/** A mending that failed is tried again after 30 s, twice as long each time, up to a quarter of an hour. */
const LONGEST_BACKOFF_SECONDS = 900;
/** What was brought up and still is not as it should be is a person's to look at; it is not brought up again and again. */
const FRUITLESS_SECONDS = 3600;
/** Where no load balancer speaks of a host its machine is asked in each pass, which may be a login. */
const CALM_SECONDS = { LoadBalancer: 5, NoLoadBalancer: 15 };

type Start = HostStep & { kind: 'StartOperation' };

/**
 * Health is judged, and a replacement planned, for the pool as a whole. What serves is mended where it stands: a version
 * that a person's deploy missed, a maintenance that was left behind, the container that a rollback needs.
 */
export const IN_SERVICE: Work = (host, facts, now) => {
  if (facts.server.kind === 'Absent') return wait('serves, but the provider does not list its server: check the token and its project', 5);
  if (host.operation !== undefined && facts.operation.kind === 'Running') return wait(`serves; its ${host.operation.kind.toLowerCase()} runs`, 1);
  const mend = mending(host, facts) ?? rollbackMissing(facts);
  return mend === undefined ? serves(host, facts) : unlessFruitless(host, facts, mend, now);
};

function serves(host: HostView, facts: HostFacts): HostStep {
  const { membership, fleet } = facts;
  const calm = membership.kind === 'NoLoadBalancer' && host.worksUnder === 'DeployLock' ? CALM_SECONDS.NoLoadBalancer : CALM_SECONDS.LoadBalancer;
  const unfit = seenDown(host, facts) ?? changed(host, facts);
  if (unfit !== undefined && !maySpare(facts)) return wait(`stays, as fewer than half of the others are up: ${unfit}`, calm);
  if (facts.app.kind === 'Quiesced') return wait(`serves nothing: its proxy refuses requests, as in maintenance${fleet.kind === 'Agreed' ? '' : `; left as it is: ${fleet.why}`}`, calm);
  return wait(membership.kind === 'ListedUp' || membership.kind === 'NoLoadBalancer' ? 'serves' : `in service; ${membershipText(membership)}`, calm);
}

/** What brings the host back in line with a fleet that agrees; while people deploy it does not, and nothing is mended. */
function mending(host: HostView, facts: HostFacts): Start | undefined {
  const { app, fleet, machine } = facts;
  if (machine.kind !== 'Ready' || fleet.kind !== 'Agreed') return undefined;
  if (app.kind === 'Quiesced') return { kind: 'StartOperation', operation: 'Resume', why: 'its proxy refuses requests, as in maintenance, while the fleet serves' };
  if (app.kind !== 'Running') return undefined;
  const unlike = ROLES[host.roleKind].unlikeFleet(facts);
  return unlike === undefined ? undefined : { kind: 'StartOperation', operation: 'Deploy', version: fleet.version, why: unlike };
}

/** Without that container a rollback of the whole fleet does nothing, and says that it succeeded. */
function rollbackMissing({ app, fleet, machine }: HostFacts): Start | undefined {
  if (machine.kind !== 'Ready' || fleet.kind !== 'Agreed' || fleet.previousVersion === undefined) return undefined;
  if (app.kind !== 'Running' || app.rollback !== 'Missing') return undefined;
  return { kind: 'StartOperation', operation: 'Preseed', version: fleet.previousVersion, why: `version ${fleet.previousVersion}, to which a rollback would go, has no container here` };
}

function unlessFruitless(host: HostView, { operation }: HostFacts, step: Start, now: Instant): HostStep {
  const last = host.operation;
  if (last === undefined || last.kind !== step.operation || last.version !== step.version || last.startedAt < host.phaseSince) return step;
  switch (operation.kind) {
    case 'Failed': {
      const again = last.startedAt + seconds(Math.min(LONGEST_BACKOFF_SECONDS, 30 * 2 ** Math.min(host.operationFailures, 10)));
      return now >= again ? step : waitUntil(`serves; its ${last.kind.toLowerCase()} failed and is tried again: ${operation.message}`, again, now);
    }
    case 'Succeeded': {
      const again = last.startedAt + seconds(FRUITLESS_SECONDS);
      return now >= again ? step : waitUntil(`serves; its ${last.kind.toLowerCase()} ended, and still ${step.why}`, again, now);
    }
    case 'None':
    case 'Lost':
    case 'Running': return step;
  }
}

/** The facts are looked at in between: the fleet may move on. */
const waitUntil = (why: string, until: Instant, now: Instant): HostStep => wait(why, Math.min(30, (until - now) / seconds(1)));

const wait = (why: string, afterSeconds: number): HostStep & { kind: 'Wait' } => ({ kind: 'Wait', why, afterSeconds });
