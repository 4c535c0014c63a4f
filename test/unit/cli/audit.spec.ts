import { expect } from 'chai';
import { type World, createWorld, fillShop } from './world.ts';

describe('audit', () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await fillShop(world);
  });
  const difference = { place: 'Cloud' as const, subject: 'hetzner:7', says: 'server web-9 has no KamalHost and its pool default/old does not exist, and is paid for; apply the pool again to adopt it', mend: 'hcloud server delete 7' };
  const silent = { place: 'LoadBalancer' as const, subject: 'default/web at http://10.0.0.9:8080', why: 'no answer within 2 s' };

  it('says that all agree, with how much was compared', async () => {
    expect(await world.call('audit')).to.deep.equal({ exitCode: 0, stdout: '2 pools, 2 hosts and 2 servers compared: no difference\n', stderr: '' });
  });

  it('prints a row for each difference with the whole command, and fails', async () => {
    world.audit = { ...world.audit, differences: [difference], unasked: [silent] };
    const { exitCode, stdout } = await world.call('audit', { columns: 40 });
    expect(exitCode).to.equal(5);
    expect(stdout.split('\n')[1]).to.equal(`Cloud  hetzner:7  ${difference.says}  hcloud server delete 7`);
    expect(stdout.replace(/\s+/g, ' ')).to.contain('Not asked: - LoadBalancer default/web at http://10.0.0.9:8080: no answer within 2 s');
  });

  it('shows who holds a deploy lock, for how long and under which session', async () => {
    world.audit = { ...world.audit, locks: [
      { service: 'shop', by: 'kamal-autoscaler', message: 'autoscaler home/a1', since: '2026-10-05T11:59:00.000Z', session: 'default/shop' },
      { service: 'shop', destination: 'staging', by: 'Anna', message: 'a migration\u001b[2J' },
    ] };
    expect(await world.call('audit')).to.include({ exitCode: 0, stdout: `Deploy locks that are held:
  - shop: by kamal-autoscaler for 60s, for DeploySession default/shop
  - shop -d staging: by Anna, a migration [2J

2 pools, 2 hosts and 2 servers compared: no difference
` });
  });

  it('has a code of its own for what could not be asked', async () => {
    world.audit = { ...world.audit, unasked: [silent] };
    const { exitCode, stdout } = await world.call('audit -o json');
    expect(exitCode).to.equal(6);
    expect(JSON.parse(stdout)).to.deep.equal(world.audit);
    expect(await world.call('audit -o yaml')).to.include({ exitCode: 2 });
  });
});
