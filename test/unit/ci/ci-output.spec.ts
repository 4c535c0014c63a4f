import { expect } from 'chai';
import { countTests, toldSecrets } from '../../../hack/ci-output.ts';
import { planted } from '../../support/planted.ts';

describe('the output of a test command', () => {
  it('is counted over all its mocha runs, colours or not', () => {
    expect(countTests('\n  \u001B[32m12 passing\u001B[0m (3s)\n  2 pending\n  1 failing\n\n  5 passing (1m)\n')).to.deep.equal({ passed: 17, failed: 1, skipped: 2 });
  });

  it('is searched for secrets that suites planted, which are not told again', () => {
    expect(toldSecrets(`fine\n{"message":"401 for ${planted('cloud-token')}"}\nfine`)).to.deep.equal(['{"message":"401 for ***"}']);
  });
});
