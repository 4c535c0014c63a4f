import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BUGS, BUG_NAMES, type BugKind, type BugName, type PlantedBug } from '../../support/chaos/bugs.ts';
import { findBug } from '../../support/chaos/find-bug.ts';
import { faultText, findingsTable, readFindings, readPage, tableIn } from '../../support/chaos/findings.ts';
import { generateWorld } from '../../support/chaos/generate.ts';
import { runWorld } from '../../support/chaos/run.ts';

const REGENERATE = 'npm run chaos -- --planted --write finds all anew';
const findings = readFindings();

/** Of each kind the one that is found first; what shows only at rest takes longer. */
function samples(): Map<BugKind, { name: BugName; seed: number; fault: string }> {
  const found = BUG_NAMES.flatMap((name) => {
    const finding = findings[name];
    return finding === undefined || !('seed' in finding) || finding.fault.startsWith('at rest') ? [] : [{ name, ...finding }];
  });
  return new Map(found.sort((a, b) => b.seed - a.seed).map((sample) => [BUGS[sample.name].kind, sample]));
}

describe('planted bugs', function () {
  this.timeout(60_000);
  const sampled = [...samples()];
  let compiled = '';
  before(() => {
    compiled = mkdtempSync(join(tmpdir(), 'planted-'));
  });
  after(() => rmSync(compiled, { recursive: true }));

  for (const [kind, { name, seed, fault }] of sampled) {
    it(`${kind}: ${name} is found in world ${seed}`, async () => {
      const finding = await findBug(name, { from: seed, seeds: 1, compiled });
      expect(finding.kind === 'Found' ? faultText(finding.fault) : `not found in world ${seed}: ${REGENERATE}`).to.equal(fault);
    });
  }

  it('are of at least eight kinds, and every world of them passes without', async () => {
    expect(sampled.length).to.be.at.least(8);
    for (const seed of new Set(sampled.map(([, sample]) => sample.seed))) {
      const { faults } = await runWorld(generateWorld(seed));
      expect(faults, `world ${seed}`).to.deep.equal([]);
    }
  });

  it('fit the source, each of their patches once', () => {
    for (const name of BUG_NAMES) {
      const bug: PlantedBug = BUGS[name];
      for (const { file, find } of bug.patches) {
        const pieces = readFileSync(join(import.meta.dirname, '..', '..', '..', file), 'utf8').split(find);
        expect(pieces, `${name}: ${find} in ${file}`).to.have.length(2);
      }
    }
  });

  it('stand in docs/chaos.md with the worlds that they needed', () => {
    expect(tableIn(readPage()), REGENERATE).to.equal(findingsTable(findings));
  });
});
