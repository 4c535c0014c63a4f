import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import type { HostProbe } from '../../../controller/ports/index.ts';
import { observeHost } from '../../../controller/reconcile/observe-host.ts';
import { createMemoryWorld } from '../../support/memory-world.ts';
import { createSimulatedClock } from '../../support/clock.ts';
import { START, createBench, hostOf, poolOf } from './bench.ts';

describe('looking at a host', () => {
  it('does not count its own probe among the requests in flight', async () => {
    let probes = 0;
    const probe: HostProbe = {
      ...createMemoryWorld({ clock: createSimulatedClock(START) }).probe,
      async up() {
        probes += 1;
        await setImmediate();
        probes -= 1;
        return { kind: 'Answers' };
      },
      inFlight: async () => ({ kind: 'Count', requests: probes }),
    };
    const { context } = createBench({ probe });
    const facts = await observeHost(context, hostOf('web-1', { phase: 'Draining', address: '192.0.2.61', ports: { http: 80 } }), poolOf('web'));
    expect(facts).to.deep.include({ probe: { kind: 'Answers' }, inFlight: { kind: 'Count', requests: 0 } });
  });
});
