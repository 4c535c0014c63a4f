import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { type World, createWorld, fillShop, policy, pool, read } from './world.ts';

const POLICY = `Name:       web
Namespace:  default
Pool:       web
Mode:       Enforce (sets replicas of the pool)
Hosts:      1 to 4
Forecast:   caution 50 (0 thrifty, 50 calm, 100 safe)
Scale out:  window 0 s, tolerance 10 %, 4 hosts or 100 % a minute
Scale in:   window 180 s, tolerance 10 %, 2 hosts or 20 % a minute
Fallback:   at least 3 hosts after 3 evaluations without metrics

Last evaluation (5s ago, 2 → 4 hosts):
  - cpu 82 % of 60 % → 5
  - capped to 4 by maxHosts (raise spec.maxHosts)

Metrics:
  NAME  TYPE               VALUE  TARGET  HOSTS  AGE
  cpu   Ratio               82 %    60 %      5  6s
  p95   Threshold  TooFewSamples   0.5 s         6s
  p95: 3 requests in the last 60 s, a P95 needs 20

Engine:
  - ceiling of 4 hosts by maxHosts; lifted by: raise spec.maxHosts
  - nothing is removed while so: p95

Conditions:
  AbleToScale     True  ModeEnforce, since 24h
    mode Enforce: sets replicas of the pool
  ScalingActive   True  MetricsAbsent, since 10m
    p95: TooFewSamples: 3 requests in the last 60 s, a P95 needs 20
  ScalingLimited  True  MaxHosts, since 20s
    limited to 4 by maxHosts: raise spec.maxHosts

Last decisions:
  20s    2 → 4    cpu 82 % of 60 % → 5; capped to 4 by maxHosts (raise
                  spec.maxHosts)
  66m    3 → 2    cpu 31 % of 60 % → 2

Events:
  20s    Normal  Scaled: 2 → 4: cpu 82 % of 60 % → 5; capped to 4 by maxHosts
                 (raise spec.maxHosts)
`;

const POOL = `Name:        web
Namespace:   default
Serves:      shop, role web, Web
Wanted:      4 of at most 10
State:       Growing for 20s: 2 of 4 serve, 2 on the way
Placements:  here (Local)
Balancer:    Traefik service shop-web, p2c
Health:      /up every 3 s, replaced after 60 s down
Drain:       up to 60 s
On delete:   Retain: bought servers and membership stay
Scaled by:   scalingpolicy/web, mode Enforce
Boots:       of the last 3: median 41.3 s, longest 60 s
Failures:    1 failed start in a row, the next not before
             2026-10-05T12:00:30.000Z
Host-hours:  12.5 of bought hosts in 2026-10 (UTC)
Membership:  2 members in generation 12

Hosts:
  NAME            PHASE         SINCE  ADDRESS        MEMBER
  primary         Fixed                192.0.2.1:80   yes
  web-1-c0ffee00  InService     120m   192.0.2.21:80  yes
  web-2-c0ffee00  Provisioning  20s                   no
  web-1-c0ffee00: serves
  web-2-c0ffee00: the provider is asked again after its settle time of 10 s;
                  OutcomeUnknown: create call timed out after 10 s

Conditions:
  Progressing  True   Growing, since 20s
    2 of 4 serve, 2 on the way
  Ready        False  HostsMissing, since 20s
    2 hosts serve, 4 wanted
`;

const HOST = `Name:       web-2-c0ffee00
Namespace:  default
Pool:       web
Phase:      Provisioning for 20s: the provider is asked again after its settle
            time of 10 s
Intent:     Serve
Host ID:    host-id-2
Placement:  here
Attempts:   2 create calls
Failure:    OutcomeUnknown 5s ago, 2 times in a row: create call timed out after
            10 s

Timeline:
  2026-10-05T11:59:40Z  +0s     wanted by its pool
  2026-10-05T11:59:40Z  +0s     entered Provisioning
  2026-10-05T11:59:45Z  +5s     create call intended
`;

const SESSION = `Name:       shop
Namespace:  default
Service:    shop (production)
Phase:      Held, held for 30s
Operation:  shop-op-1
Deadline:   2026-10-05T12:05:00Z
Hosts:      web-1-c0ffee00, web-2-c0ffee00
`;

describe('describe', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });

  const expected: [string, string][] = [['sp web', POLICY], ['hp web', POOL], ['kh/web-2-c0ffee00', HOST]];
  for (const [target, text] of expected) {
    it(`prints ${target} in 80 columns`, async () => {
      const { exitCode, stdout, stderr } = await world.call(`describe ${target}`);
      expect(stdout).to.equal(text);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      for (const line of stdout.split('\n')) expect(Array.from(line).length, line).to.be.at.most(80);
    });
  }

  it('prints a session', async () => {
    await world.put('DeploySession', {
      apiVersion: 'kamal-autoscaler.dev/v1alpha1', kind: 'DeploySession', metadata: { name: 'shop', namespace: 'default' },
      spec: { service: 'shop', destination: 'production', operationID: 'shop-op-1', deadline: '2026-10-05T12:05:00Z', members: ['web-1-c0ffee00', 'web-2-c0ffee00'] },
    }, { phase: 'Held', acquiredAt: '2026-10-05T11:59:30Z' });
    expect((await world.call('describe ksess shop')).stdout).to.equal(SESSION);
  });

  it('tells the way of a host into service', async () => {
    expect((await world.call('describe kh web-1-c0ffee00')).stdout).to.contain(`Timeline:
  2026-10-05T09:59:20Z  +0s     wanted by its pool
  2026-10-05T09:59:30Z  +10s    server made by the provider
  2026-10-05T09:59:57Z  +37s    put into the membership
  2026-10-05T10:00:00Z  +40s    in service
`);
  });

  it('says what is still to come for a host that drains', async () => {
    const host = await read(world, 'KamalHost', 'web-1-c0ffee00');
    const updated = await world.store.update('KamalHost', { ...host, spec: { ...host.spec, intent: 'Drain', intentReason: 'fewer hosts wanted' } });
    await world.store.updateStatus('KamalHost', { ...updated, status: { ...host.status, phase: 'Draining', phaseSince: '2026-10-05T11:59:50Z', drainDeadline: '2026-10-05T12:00:50Z' } });
    const { stdout } = await world.call('describe kh web-1-c0ffee00');
    expect(stdout).to.contain('Intent:     Drain: fewer hosts wanted\n');
    expect(stdout).to.match(/entered Draining\n {2}2026-10-05T12:00:50Z {2}\+121m {3}drain ends at the latest \(in 50s\)\n$/);
  });

  it('reads a policy from its status where evaluations cannot be read back, as in a cluster', async () => {
    delete world.parts.decisionLog;
    delete world.parts.events;
    const { stdout } = await world.call('describe sp web');
    expect(stdout).to.contain(`
Last evaluation (4 hosts wanted for 20s):
  - cpu 82 % of 60 % → 5
  - capped to 4 by maxHosts (raise spec.maxHosts)

Metrics:
  NAME  TYPE       VALUE  TARGET  HOSTS  AGE
  cpu   Ratio       82 %    60 %      5  20s
  p95   Threshold          0.5 s
  p95: not read yet

Conditions:
`);
    expect(stdout).not.to.contain('Events:').and.not.to.contain('Engine:');
  });

  it('says of a new policy and a new pool that no controller has seen them', async () => {
    await world.put('ScalingPolicy', policy('new', { targetRef: { kind: 'HostPool', name: 'new' }, mode: 'Recommend' }));
    await world.put('HostPool', pool('new'));
    expect((await world.call('describe sp new')).stdout).to.contain('\nLast evaluation:\n  none yet: is the controller running?\n');
    const { stdout } = await world.call('describe hp new');
    expect(stdout).to.contain('Wanted:      not set: holds what is there, at most 10\nState:       not seen by a controller yet\n');
    expect(stdout).to.contain('Scaled by:   scalingpolicy/new, mode Recommend\nHost-hours:  0.0 of bought hosts in 2026-10 (UTC)\nMembership:  none yet\n\nHosts:\n  none\n');
  });

  for (const [loadBalancer, says] of [
    [{ hetzner: { name: 'front' } }, 'Hetzner load balancer front'],
    [{ hetzner: { name: 'front', label: { key: 'serves', value: 'web' } } }, 'Hetzner load balancer front, by the label serves=web'],
    [{ digitalocean: { name: 'front' } }, 'DigitalOcean load balancer front'],
    [{ digitalocean: { name: 'front', tag: 'serves:web' } }, 'DigitalOcean load balancer front, by the tag serves:web'],
  ] as const) {
    it(`names a load balancer: ${says}`, async () => {
      await world.put('HostPool', pool('cloud', { loadBalancer }));
      expect((await world.call('describe hp cloud')).stdout).to.contain(`\nBalancer:    ${says}\n`);
    });
  }

  it('shows the rest of a pool to people who may not read the documents of the controller', async () => {
    world.parts.membership = async () => {
      throw new ClassifiedError('Forbidden', 'ConfigMaps of kamal-autoscaler are not for you');
    };
    const { exitCode, stdout } = await world.call('describe hp web');
    expect(exitCode).to.equal(0);
    expect(stdout).to.contain('Membership:  not readable: ConfigMaps of kamal-autoscaler are not for you\n');
    expect(stdout).to.contain('  primary         Fixed                192.0.2.1:80   unknown\n');
  });

  it('wants a kind and a name', async () => {
    expect((await world.call('describe sp')).stderr).to.equal('error: no scalingpolicy is named\nmend: write such as: kamal-autoscaler describe scalingpolicy NAME\n');
    expect((await world.call('describe sp wbe')).exitCode).to.equal(3);
    expect((await world.call('describe sp/web web')).exitCode).to.equal(2);
  });
});

describe('describe, of money', () => {
  const spend = { month: '2026-10', amounts: [{ currency: 'EUR', soFar: 12.3, projected: 40 }], unpricedHosts: 1 };

  it('says what a pool costs, and what is not in the amount', async () => {
    const world = createWorld();
    await world.put('HostPool', pool('web'), { spend });
    const { stdout } = await world.call('describe hp web');
    expect(stdout.replace(/\n +/g, ' ')).to.include('Cost:        12.30 EUR so far in 2026-10 (UTC), 40.00 EUR at its end if the hosts stay; net; 1 host without a known price beside');
  });

  it('says what a policy may spend, and what is spoken for', async () => {
    const world = createWorld();
    await world.put('HostPool', pool('web'), { spend });
    await world.put('ScalingPolicy', policy('web', { budget: { perMonth: 60, currency: 'EUR' } }));
    const { stdout } = await world.call('describe sp web');
    expect(stdout.replace(/\n +/g, ' ')).to.match(/Budget: +60\.00 EUR a month, net; 40\.00 EUR spoken for in 2026-10 \(UTC\)/);
  });
});
