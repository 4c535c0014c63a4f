import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { startStandalone } from '../../../controller/compose/standalone.ts';
import { startBalancer } from '../../../controller/demo/balancer.ts';
import type { Endpoint } from '../../../controller/model/index.ts';
import { systemClock } from '../../../controller/runtime/clock.ts';
import { readSettings } from '../../../controller/runtime/settings.ts';
import { startLocalWorld } from '../../support/local-world.ts';
import { freePort } from '../../support/real/free-port.ts';
import { until } from '../../support/real/until.ts';

const WEB = { namespace: 'default', name: 'web' };
const machine = (name: string, { address, ports }: Endpoint) => ({ name, address, ports });

describe('spare machines, over local processes', () => {
  it('are taken when they are wanted and given back stopped, and go on running', async function () {
    this.timeout(60_000);
    const folder = await mkdtemp(join(tmpdir(), 'static-'));
    await using world = await startLocalWorld({ fixedHosts: 1, serving: { service: 'app-web', version: 'v7' } });
    const [primary] = world.fixedHosts;
    const spare = await world.addHost('spare-1');
    const port = await freePort();
    const balancer = await startBalancer({
      endpoint: `http://127.0.0.1:${port}/traefik/config`, service: 'web', entryPoint: 'websecure', pollMilliseconds: 100, clock: systemClock, chance: () => 0.5,
    });
    await mkdir(join(folder, 'config'));
    await writeFile(join(folder, 'config', 'web.yaml'), stringify({
      apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'HostPool', metadata: { name: 'web' },
      spec: {
        kamal: { service: 'app', role: 'web' }, maxReplicas: 2, replicas: 2,
        fixedHosts: [machine('primary', primary!)],
        placements: [{ name: 'spare', provider: 'Static', static: { machines: [machine('spare-1', spare)] } }],
        loadBalancer: { traefik: { service: 'web', apiURLs: [balancer.apiURL] } },
        health: { intervalSeconds: 1, timeoutSeconds: 1 }, drain: { timeoutSeconds: 2 },
      },
    }));
    const settings = readSettings({ config: join(folder, 'config'), installation: 'test', state: join(folder, 'state'), listen: `127.0.0.1:${port}` }, {});
    if (settings.mode.kind !== 'Standalone') throw new Error('standalone expected');
    const running = await startStandalone({ ...settings, mode: settings.mode }, { clock: systemClock, log: { log: () => undefined } });
    try {
      const { store } = running.controller.context;
      const serving = await until('the spare machine serves', async () => {
        const [host] = await store.list('KamalHost');
        return host?.status?.phase === 'InService' ? host : undefined;
      }, { everyMs: 100 });
      expect(serving.status).to.include({ provider: 'Static', placement: 'spare', version: 'v7' });
      expect((await world.control.facts(spare)).app).to.include({ version: 'v7', routed: true });

      await store.scale(WEB, 1);
      await until('the spare machine is given back', async () => ((await store.list('KamalHost')).length === 0 ? true : undefined), { everyMs: 100 });
      expect((await world.control.facts(spare)).app).to.equal(undefined);
      expect((await world.table.list()).map(({ state }) => state)).to.deep.equal(['Running', 'Running']);
      expect((await running.controller.context.gate.read()).entries[serving.spec.hostID]?.state).to.equal('Released');
    } finally {
      await running.stop();
      await balancer.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
