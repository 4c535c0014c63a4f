import { expect } from 'chai';
import { type SshBench, failure, fixed, openSshBench } from '../../support/ssh-bench.ts';
import { type SshServer, newKey, publicHalf } from '../../support/ssh-server.ts';
import { sshTarget } from '../../support/ssh-targets.ts';

describe('a jump host', () => {
  let bench: SshBench;
  before(async () => {
    bench = await openSshBench();
  });
  afterEach(() => bench.clear());

  const through = (jump: SshServer, host: SshServer, hostKey = jump.hostKeys[0]!) =>
    sshTarget(host.port, fixed(host), { ssh: { user: 'root', port: host.port, jumpHost: { address: '127.0.0.1', port: jump.port, user: 'root', hostKey } } });

  it('carries the connections of many hosts over one of its own', async () => {
    const [jump, one, two] = [await bench.server({ forwarding: 'Allowed' }), await bench.server(), await bench.server()];
    const ssh = bench.client();
    await Promise.all([ssh.run(through(jump, one), ['a'], { what: 'a test' }), ssh.run(through(jump, two), ['b'], { what: 'a test' })]);
    expect([one.commands, two.commands, jump.commands, jump.accepted]).to.deep.equal([['a'], ['b'], [], 1]);
  });

  it('must show its pinned key, and the host behind it its own', async () => {
    const [jump, host] = [await bench.server({ forwarding: 'Allowed' }), await bench.server()];
    const wrongJump = await failure(bench.client().run(through(jump, host, publicHalf(newKey())), ['a'], { what: 'a test' }));
    expect([wrongJump.class, wrongJump.message]).to.have.property('1').that.matches(/^jump host \(127\.0\.0\.1:\d+\) shows host key/);
    const other = { ...through(jump, host), identity: { kind: 'Fixed', hostKey: publicHalf(newKey()) } as const };
    expect((await failure(bench.client().run(other, ['a'], { what: 'a test' }))).message).to.match(/^web-primary .* shows host key/);
    expect(host.commands).to.deep.equal([]);
  });

  it('that refuses or cannot reach the host is named', async () => {
    const [closed, open, host] = [await bench.server({ forwarding: 'Refused' }), await bench.server({ forwarding: 'Allowed' }), await bench.server()];
    const refused = await failure(bench.client().run(through(closed, host), ['a'], { what: 'a test' }));
    expect(refused.class).to.equal('Unavailable');
    expect(refused.message).to.match(/^web-primary .* cannot be reached: jump host \(127\.0\.0\.1:\d+\) says: /);
    await host.close();
    expect((await failure(bench.client().run(through(open, host), ['a'], { what: 'a test' }))).message).to.match(/jump host .* says: /);
  });

  it('that is lost takes the connections with it, and is dialled anew', async () => {
    const [jump, host] = [await bench.server({ forwarding: 'Allowed' }), await bench.server({ run: (command) => (command === 'hang' ? { kind: 'Hangs' } : { kind: 'Exits', code: 0 }) })];
    const ssh = bench.client();
    await ssh.run(through(jump, host), ['a'], { what: 'a test' });
    const hanging = failure(ssh.run(through(jump, host), ['hang'], { what: 'a test' }));
    jump.cut();
    expect((await hanging).class).to.be.oneOf(['OutcomeUnknown', 'Unavailable', 'Transient']);
    expect((await ssh.run(through(jump, host), ['b'], { what: 'a test' })).code).to.equal(0);
    expect(jump.accepted).to.equal(2);
  });
});
