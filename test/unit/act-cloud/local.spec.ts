import { cloudContract } from '../../support/cloud-contract.ts';
import { localCloudUnderTest, localDeployersUnderTest } from '../../support/contract-fixtures.ts';
import { deployerContract } from '../../support/deployer-contract.ts';

cloudContract('local provider with real processes', localCloudUnderTest);

describe('local deployer', () => {
  const deployers = localDeployersUnderTest({ deployMilliseconds: 20 });
  after(() => deployers.close());
  deployerContract('local deployer with real processes', () => deployers.make());
});
