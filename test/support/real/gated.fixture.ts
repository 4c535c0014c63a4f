/** Run by mocha as a process of its own: one gated suite, whose part is there or not as the environment says. */
import { realSuite } from './gate.ts';

realSuite('gated suite', ['kamal-proxy'], () => {
  it('runs', () => {});
});
