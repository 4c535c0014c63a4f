import { type HostPool, keyOf, keyText } from '../api/index.ts';
import type { AppFact, FleetReference, MachineFact } from '../model/index.ts';
import type { DeployTarget } from '../ports/index.ts';
import { type AuditFinding, difference, unasked } from './audit-finding.ts';

interface Look {
  target: DeployTarget;
  machine: MachineFact;
  app: AppFact;
}

/** What runs on the hosts that should serve against what the fleet runs. Pure. */
export function hostsAudit(pool: HostPool, fleet: FleetReference, looks: readonly Look[]): AuditFinding[] {
  return [...fleetFinding(pool, fleet), ...looks.flatMap((look) => hostFinding(pool, fleet, look))];
}

function fleetFinding(pool: HostPool, fleet: FleetReference): AuditFinding[] {
  const subject = keyText(keyOf(pool));
  switch (fleet.kind) {
    case 'Agreed': return [];
    case 'Disagree': return [difference('Host', subject, `the hosts that people own do not agree: ${fleet.why}`, `kamal deploy${destination(pool)}`)];
    case 'Unknown': return [unasked('Host', subject, `what the fleet runs: ${fleet.why}`)];
  }
}

function hostFinding(pool: HostPool, fleet: FleetReference, { target, machine, app }: Look): AuditFinding[] {
  const subject = `${target.host.namespace}/${target.host.name}`;
  if (machine.kind === 'Mismatch') return [difference('Host', subject, machine.why, target.identity.kind === 'Bought' ? `kamal-autoscaler quarantine ${target.host.name} -n ${target.host.namespace}` : `ssh-keyscan ${addressOf(target)}`)];
  if (machine.kind !== 'Ready') return [unasked('Host', subject, 'why' in machine ? machine.why : 'the machine could not be asked')];
  const on = `--hosts=${addressOf(target)} --roles=${target.role.role}${destination(pool)}`;
  switch (app.kind) {
    case 'Unknown': return [unasked('Host', subject, 'Docker does not say what runs there')];
    case 'NotRunning': return [difference('Host', subject, 'it should serve, and the app does not run', `kamal app boot ${on}`)];
    // In maintenance all of them are; who leads the fleet decides.
    case 'Quiesced': return fleet.kind === 'Agreed' ? [difference('Host', subject, 'its proxy refuses requests, as in maintenance, while the fleet serves', `kamal app live ${on}`)] : [];
    case 'Running': {
      if (fleet.kind !== 'Agreed') return [];
      const deploy = `kamal deploy --skip-push --version=${fleet.version} ${on}`;
      if (app.version !== fleet.version) return [difference('Host', subject, `it runs version ${app.version}, the fleet ${fleet.version}`, deploy)];
      if (!app.matchesFleet) return [difference('Host', subject, `it does not run as the fleet does${app.why === undefined ? '' : `: ${app.why}`}`, deploy)];
      return app.routed || pool.spec.roleKind === 'Job' ? [] : [difference('Host', subject, 'its app runs, and the proxy does not route to it', deploy)];
    }
  }
}

const addressOf = ({ endpoint: { address, sshAddress = address } }: DeployTarget): string => sshAddress;

const destination = ({ spec: { kamal } }: HostPool): string => (kamal.destination === undefined ? '' : ` -d ${kamal.destination}`);
