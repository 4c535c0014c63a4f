import { keyText } from '../api/index.ts';
import type { DecisionLog } from '../ports/index.ts';
import type { Log } from '../runtime/log.ts';

/** The same decision log, with a log line for every decision that changes the number: in a cluster the log outlives the ring. */
export const loggedDecisions = (decisions: DecisionLog, log: Log): DecisionLog => ({
  async append(record) {
    const { decision, policy } = record;
    const level = decision.direction === 'None' ? 'debug' : 'info';
    log.log(level, 'decided', { policy: keyText(policy), current: decision.current, desired: decision.desired, reasons: decision.reasons.join('; ') });
    await decisions.append(record);
  },
  recent: (policy, count) => decisions.recent(policy, count),
});
