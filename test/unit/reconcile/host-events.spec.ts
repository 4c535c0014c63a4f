import { expect } from 'chai';
import type { KamalHost } from '../../../controller/api/index.ts';
import type { Phase } from '../../../controller/model/index.ts';
import type { StoreEvent } from '../../../controller/ports/index.ts';
import type { Context } from '../../../controller/reconcile/context.ts';
import { tellAdvance, tellHealth } from '../../../controller/reconcile/host-events.ts';

describe('events of a host', () => {
  let events: StoreEvent[];
  let context: Context;
  beforeEach(() => {
    events = [];
    context = { store: { recordEvent: async (event: StoreEvent) => void events.push(event) } } as unknown as Context;
  });
  const host = (status: KamalHost['status'] = {}): KamalHost =>
    ({ metadata: { name: 'web-0', namespace: 'default', uid: 'u' }, status } as KamalHost);
  const told = (): string[] => events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);

  it('say when it serves and when its server was lost, and nothing of the steps between', async () => {
    for (const to of ['Deploying', 'Joining', 'InService', 'Departing', 'Deprovisioning'] satisfies Phase[]) {
      await tellAdvance(context, host(), { kind: 'Advance', to, why: `becomes ${to}` });
    }
    expect(told()).to.deep.equal([
      'Normal InService: becomes InService',
      'Warning ServerLost: becomes Departing; it leaves the load balancers, and its pool makes up for it',
    ]);
    expect(events[0]).to.include({ kind: 'KamalHost', uid: 'u' });
    expect(events[0]?.key).to.deep.equal({ namespace: 'default', name: 'web-0' });
  });

  it('say once that it is unhealthy', async () => {
    await tellHealth(context, host({ health: 'Healthy' }), 'Suspect', 'its probe fails');
    await tellHealth(context, host({ health: 'Suspect' }), 'Unhealthy', 'down everywhere');
    await tellHealth(context, host({ health: 'Unhealthy' }), 'Unhealthy', 'down everywhere');
    await tellHealth(context, host({ health: 'Unhealthy' }), 'Healthy', 'it answers');
    expect(told()).to.deep.equal(['Warning Unhealthy: down everywhere']);
  });
});
