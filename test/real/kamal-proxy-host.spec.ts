import { locate } from '../../hack/real-parts/locate.ts';
import { localDeployersUnderTest } from '../support/contract-fixtures.ts';
import { deployerContract } from '../support/deployer-contract.ts';
import { realSuite } from '../support/real/gate.ts';

realSuite('local hosts with a real kamal-proxy each', ['kamal-proxy'], () => {
  let deployers: ReturnType<typeof localDeployersUnderTest> | undefined;
  before(async () => { deployers = localDeployersUnderTest({ deployMilliseconds: 20, kamalProxy: await locate('kamal-proxy') }); });
  after(() => deployers?.close());

  deployerContract('local deployer and real kamal-proxies', async () => {
    if (deployers === undefined) throw new Error('no kamal-proxy was located');
    return deployers.make();
  });
});
