import { cloudContract } from '../../support/cloud-contract.ts';
import { localCloudUnderTest, localDeployerUnderTest } from '../../support/contract-fixtures.ts';
import { deployerContract } from '../../support/deployer-contract.ts';

cloudContract('local provider with real processes', localCloudUnderTest);

deployerContract('local deployer with real processes', () => localDeployerUnderTest({ deployMilliseconds: 50 }));
