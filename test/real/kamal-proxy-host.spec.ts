import { expect } from 'chai';
import { locate } from '../../hack/real-parts/locate.ts';
import { identify } from '../../controller/act/cloud/local/process-identity.ts';
import { readPart } from '../../controller/act/cloud/local/record-files.ts';
import { type Endpoint, httpURL, serverURL } from '../../controller/model/index.ts';
import { localDeployersUnderTest } from '../support/contract-fixtures.ts';
import { deployerContract } from '../support/deployer-contract.ts';
import { type LocalWorld, startLocalWorld } from '../support/local-world.ts';
import { realSuite } from '../support/real/gate.ts';
import { until } from '../support/real/until.ts';

realSuite('local hosts with a real kamal-proxy each', ['kamal-proxy'], () => {
  let deployers: ReturnType<typeof localDeployersUnderTest> | undefined;
  let world: LocalWorld | undefined;
  before(async () => {
    const settings = { deployMilliseconds: 20, kamalProxy: await locate('kamal-proxy') };
    deployers = localDeployersUnderTest(settings);
    world = await startLocalWorld({ fixedHosts: 1, serving: { service: 'app-web', version: 'v1' }, settings });
  });
  after(async () => {
    await deployers?.close();
    await world?.[Symbol.asyncDispose]();
  });

  deployerContract('local deployer and real kamal-proxies', async () => {
    if (deployers === undefined) throw new Error('no kamal-proxy was located');
    return deployers.make();
  });

  it('let requests in flight end while quiesced, as the same host without it does', async () => {
    const { control, host } = worldAndHost();
    const inFlight = async (): Promise<string> => (await fetch(`${httpURL(host.address, host.ports.proxyMetrics ?? 0)}/metrics`)).text();
    const long = fetch(`${serverURL(host)}/?ms=600`);
    await until('a request in flight', async () => (await inFlight()).includes('kamal_proxy_http_in_flight_requests{service="app-web"} 1\n'), { everyMs: 20 });
    const quiesce = control.quiesce(host, 10);
    await until('refusals', async () => (await fetch(serverURL(host))).status === 503, { everyMs: 20 });
    expect((await long).status).to.equal(200);
    await quiesce;
    await control.resume(host);
    expect((await fetch(serverURL(host))).status).to.equal(200);
  });

  it('end with their host, however it dies', async () => {
    const { host, folder } = worldAndHost();
    const identity = await readPart<{ pid: number }>(folder, 'fixed-1', 'process');
    if (identity === undefined || await identify(identity.pid) === undefined) throw new Error('the host does not run');
    process.kill(identity.pid, 'SIGKILL');
    await until('silence at the port of the proxy', async () => fetch(serverURL(host)).then(() => false, () => true), { everyMs: 20 });
  });

  function worldAndHost(): LocalWorld & { host: Endpoint } {
    const host = world?.fixedHosts[0];
    if (world === undefined || host === undefined) throw new Error('no host was started');
    return { ...world, host };
  }
});
