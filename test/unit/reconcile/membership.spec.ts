import { expect } from 'chai';
import { ClassifiedError, type Membership } from '../../../controller/model/index.ts';
import { MEMBERSHIP_DOCUMENT } from '../../../controller/reconcile/membership-document.ts';
import { hostDraft, poolDraft } from '../../support/drafts.ts';
import { type Bench, PRIMARY, createBench } from './bench.ts';

describe('a pass over the membership', () => {
  let bench: Bench;
  let applied: Membership[];
  beforeEach(() => {
    applied = [];
    bench = createBench({ loadBalancer: { apply: async (membership) => void applied.push(membership), confirm: async () => [] } });
  });

  const stored = async (): Promise<Membership | undefined> => (await bench.store.load(MEMBERSHIP_DOCUMENT))?.value as Membership | undefined;
  const pool = (): Promise<unknown> => bench.put('HostPool', poolDraft('default', 'web', { fixedHosts: [PRIMARY] }));

  it('serves nothing before there is a pool', async () => {
    expect(await bench.pass('Membership')).to.deep.equal({ kind: 'RequeueAfter', seconds: 15 });
    expect([applied, await stored()]).to.deep.equal([[], undefined]);
  });

  it('stores what it serves before it serves it, and wakes the hosts it is about', async () => {
    await pool();
    await bench.put('KamalHost', hostDraft('default', 'web-1'), { phase: 'Joining', address: '192.0.2.11' });
    await bench.pass('Membership');
    expect(applied).to.have.length(1);
    expect(await stored()).to.deep.equal(applied[0]);
    expect(applied[0]?.pools[0]?.members.map(({ name }) => name)).to.deep.equal(['primary', 'web-1']);
    expect(bench.asked).to.deep.equal([{ kind: 'Host', key: { namespace: 'default', name: 'web-1' } }, { kind: 'Marks' }]);
  });

  it('serves the same again without a new generation', async () => {
    await pool();
    await bench.pass('Membership');
    await bench.pass('Membership');
    expect(applied.map(({ generation }) => generation)).to.deep.equal([1, 1]);
  });

  it('serves nothing that it could not store: another instance wrote', async () => {
    await pool();
    bench.context.documents = { ...bench.store, save: async () => { throw new ClassifiedError('Conflict', 'somebody else wrote'); } };
    expect(await bench.pass('Membership')).to.deep.equal({ kind: 'RequeueAfter', seconds: 0.2 });
    expect(applied).to.deep.equal([]);
  });

  it('keeps members of vanished hosts while a provider cannot be asked', async () => {
    await pool();
    await bench.put('KamalHost', { ...hostDraft('default', 'web-1'), metadata: { namespace: 'default', name: 'web-1' } }, { phase: 'InService', address: '192.0.2.11' });
    await bench.pass('Membership');
    await bench.store.delete('KamalHost', { namespace: 'default', name: 'web-1' });
    const { servers } = bench.context;
    bench.context.servers = { ...servers, snapshot: async () => { throw new ClassifiedError('Unavailable', 'away'); } };
    await bench.pass('Membership');
    expect((await stored())?.pools[0]?.members).to.have.length(2);
    bench.context.servers = servers;
    await bench.pass('Membership');
    expect((await stored())?.pools[0]?.members.map(({ name }) => name)).to.deep.equal(['primary']);
  });

  it('stops at an unreadable document, and leaves it', async () => {
    await pool();
    await bench.store.save(MEMBERSHIP_DOCUMENT, { pools: 'gone' }, undefined);
    await bench.pass('Membership').then(() => expect.fail('the pass went on'), (error: Error) => expect(error.message).to.equal('the membership document is unreadable: restore it, or delete it to rebuild it from the hosts'));
    expect(applied).to.deep.equal([]);
    expect(await stored()).to.deep.equal({ pools: 'gone' });
  });
});
