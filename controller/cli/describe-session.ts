import type { DeploySession } from '../api/index.ts';
import type { Io } from './composition.ts';
import { type Description, identity } from './description.ts';
import { ageOf, fieldLines } from './sections.ts';

/** A session: who holds Kamal's lock, for which hosts and until when. */
export function describeSession(session: DeploySession, io: Io): Description {
  const { spec, status } = session;
  const held = ageOf(status?.acquiredAt, io.now());
  return {
    head: fieldLines([
      ...identity(session),
      ['Service', `${spec.service}${spec.destination === undefined ? '' : ` (${spec.destination})`}`],
      ['Phase', `${status?.phase ?? 'Waiting'}${held === undefined ? '' : `, held for ${held}`}`],
      ['Why', status?.reason],
      ['Operation', spec.operationID],
      ['Deadline', spec.deadline],
      ['Hosts', spec.members === undefined || spec.members.length === 0 ? 'none' : spec.members.join(', ')],
    ], io.columns),
    sections: [],
  };
}
