import { HOST_KEY_ANNOTATION, type KamalHostStatus } from '../api/index.ts';
import type { HostFacts } from '../model/index.ts';
import type { ConditionDraft } from './conditions.ts';

/** What a pass saw of a host, with what the plan makes of it. */
export interface HostSeen {
  name: string;
  facts: HostFacts;
  /** Whether its own host key is pinned. */
  pinned: boolean;
  /** Why the machine is not taken for the host that was bought. */
  identityProblem: string | undefined;
  /** In what its running app differs from a fleet that agrees. */
  unlikeFleet: string | undefined;
}

/** Conditions that follow from a host's own status, whatever changed it. Pure. */
export function standingConditions({ phase = 'Pending', reason, failure }: KamalHostStatus): ConditionDraft[] {
  return [
    { type: 'Ready', status: phase === 'InService' ? 'True' : 'False', reason: phase, message: reason ?? 'no pass has looked at it yet' },
    failure === undefined
      ? { type: 'Failing', status: 'False', reason: 'NoFailure', message: 'no failure is known' }
      : { type: 'Failing', status: 'True', reason: failure.class, message: failure.message },
  ];
}

/** Conditions that follow from what was seen. What was not asked for keeps the condition that it had. Pure. */
export function seenConditions(seen: HostSeen): ConditionDraft[] {
  return [...hostKey(seen), ...likeFleet(seen), ...rollback(seen)];
}

function hostKey({ name, facts: { machine }, pinned, identityProblem }: HostSeen): ConditionDraft[] {
  const type = 'HostKeyVerified';
  if (identityProblem !== undefined) {
    return [{
      type, status: 'False', reason: 'HostKeyMismatch',
      message: `${identityProblem}; nothing is done on it. If its key was changed on purpose, vouch for the new one: kubectl annotate kamalhost ${name} ${HOST_KEY_ANNOTATION}='TYPE BASE64'`,
    }];
  }
  switch (machine.kind) {
    case 'Delivered': return [{ type, status: 'Unknown', reason: 'FirstContact', message: 'reached under the host key of its user data; its own is about to take over' }];
    case 'Ready': return pinned ? [{ type, status: 'True', reason: 'OwnKey', message: 'it shows the host key that it made itself' }] : [];
    case 'Unknown':
    case 'Unreachable':
    case 'Preparing':
    case 'Mismatch': return [];
  }
}

function likeFleet({ facts: { app, fleet }, unlikeFleet }: HostSeen): ConditionDraft[] {
  const type = 'LikeFleet';
  if (app.kind === 'Unknown' || app.kind === 'NotRunning') return [];
  if (fleet.kind !== 'Agreed') return fleet.kind === 'Disagree' ? [{ type, status: 'Unknown', reason: 'FleetDisagrees', message: fleet.why }] : [];
  if (app.kind === 'Quiesced') return [{ type, status: 'False', reason: 'Maintenance', message: 'its proxy refuses requests, as in maintenance, while the fleet serves' }];
  return unlikeFleet === undefined
    ? [{ type, status: 'True', reason: 'SameAsFleet', message: `version ${fleet.version}, with the fleet's image, environment and options` }]
    : [{ type, status: 'False', reason: 'Differs', message: unlikeFleet }];
}

function rollback({ facts: { app, fleet } }: HostSeen): ConditionDraft[] {
  const type = 'RollbackReady';
  if (app.kind !== 'Running' || app.rollback === undefined || fleet.kind !== 'Agreed' || fleet.previousVersion === undefined) return [];
  return app.rollback === 'Ready'
    ? [{ type, status: 'True', reason: 'ContainerThere', message: `kamal rollback ${fleet.previousVersion} finds its container` }]
    : [{ type, status: 'False', reason: 'ContainerMissing', message: `kamal rollback ${fleet.previousVersion} would change nothing here, and exit with 0: its container is missing` }];
}
