import { expect } from 'chai';
import fc from 'fast-check';
import { meanInSystem, p95Seconds, rateWithin, responseTail, waitProbability } from '../../../controller/simulate/world/queue.ts';

/** Erlang C as textbooks write it: sums of factorials, good for few servers. */
function textbookErlangC(servers: number, offered: number): number {
  const term = (k: number): number => {
    let value = 1;
    for (let factor = 1; factor <= k; factor++) value *= offered / factor;
    return value;
  };
  const last = (term(servers) * servers) / (servers - offered);
  let sum = last;
  for (let k = 0; k < servers; k++) sum += term(k);
  return last / sum;
}

const queues = fc.record({ workers: fc.integer({ min: 1, max: 40 }), serviceSeconds: fc.double({ min: 0.001, max: 5, noNaN: true }) });
const utilisations = fc.double({ min: 0.01, max: 0.98, noNaN: true });

describe('simulate: a host as an M/M/c queue', () => {
  it('waits as often as Erlang C says', () => {
    fc.assert(fc.property(queues, utilisations, (queue, utilisation) => {
      const rate = (utilisation * queue.workers) / queue.serviceSeconds;
      expect(waitProbability(queue, rate)).to.be.closeTo(textbookErlangC(queue.workers, utilisation * queue.workers), 1e-9);
    }));
  });

  it('with one worker is M/M/1: exponential responses and ρ / (1 − ρ) in the host', () => {
    fc.assert(fc.property(fc.double({ min: 0.001, max: 5, noNaN: true }), utilisations, (serviceSeconds, utilisation) => {
      const queue = { workers: 1, serviceSeconds };
      const rate = utilisation / serviceSeconds;
      expect(p95Seconds(queue, rate)).to.be.closeTo((Math.log(20) * serviceSeconds) / (1 - utilisation), 1e-6 * serviceSeconds / (1 - utilisation));
      expect(meanInSystem(queue, rate)).to.be.closeTo(utilisation / (1 - utilisation), 1e-9 / (1 - utilisation));
    }));
  });

  it('has as many requests inside as rate times mean response (Little), the mean being the area under the tail', () => {
    const queue = { workers: 5, serviceSeconds: 0.05 };
    for (const rate of [10, 50, 80, 95]) {
      let mean = 0;
      for (let second = 0; second < 20; second += 0.0005) mean += 0.0005 * responseTail(queue, rate, second + 0.00025);
      expect(meanInSystem(queue, rate)).to.be.closeTo(rate * mean, 1e-3);
    }
  });

  it('where waiting and service are equally fast, the tail is the limit of its neighbours', () => {
    const queue = { workers: 5, serviceSeconds: 0.05 };
    expect(responseTail(queue, 80, 0.2)).to.be.closeTo((responseTail(queue, 79.999, 0.2) + responseTail(queue, 80.001, 0.2)) / 2, 1e-7);
  });

  it('is the reference host: 78.1 requests/s at a P95 of 200 ms, three times the service time when idle', () => {
    const queue = { workers: 5, serviceSeconds: 0.05 };
    expect(rateWithin(queue, 0.2)).to.be.closeTo(78.1, 0.05);
    expect(p95Seconds(queue, 1e-6)).to.be.closeTo(0.05 * Math.log(20), 1e-6);
    expect(p95Seconds(queue, 100)).to.equal(Infinity);
    expect(rateWithin(queue, 0.1)).to.equal(0);
  });
});
