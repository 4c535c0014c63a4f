import { expect } from 'chai';
import type { HostFacts, HostStep } from '../../../controller/model/index.ts';
import { type HostView, nextHostStep } from '../../../controller/plan/index.ts';
import { aHost, someFacts } from './builders.ts';

/** One situation of a host and the step that it must lead to, compared on the fields that are given. */
export interface Row {
  title: string;
  host?: Partial<HostView>;
  facts?: Partial<HostFacts>;
  now: number;
  step: { kind: HostStep['kind'] } & Record<string, unknown>;
}

/** Runs the rows of one phase; every reason must say something, and every wait must end. */
export function stepTable(title: string, host: Partial<HostView>, facts: Partial<HostFacts>, rows: readonly Row[]): void {
  describe(`nextHostStep, ${title}`, () => {
    for (const row of rows) {
      it(row.title, () => {
        const step = nextHostStep(aHost({ ...host, ...row.host }), someFacts({ ...facts, ...row.facts }), row.now);
        expect(step).to.deep.include(row.step);
        expect(step.why.length).to.be.greaterThan(5);
        if (step.kind === 'Wait') expect(step.afterSeconds).to.be.greaterThan(0);
      });
    }
  });
}
