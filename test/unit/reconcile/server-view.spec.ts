import { expect } from 'chai';
import { ClassifiedError, type ProviderName, type Server, type ServerSnapshot } from '../../../controller/model/index.ts';
import type { CloudProvider } from '../../../controller/ports/index.ts';
import { type ServerView, createServerView, findServer } from '../../../controller/reconcile/server-view.ts';
import { type SimulatedClock, createSimulatedClock } from '../../support/clock.ts';
import { refused } from '../../support/refused.ts';
import { START, WEB } from './bench.ts';

interface Call { answer(servers: Server[]): void; fail(error: Error): void }

const server = (providerID: string, createdAt: number, hostID = 'one'): Server =>
  ({ provider: 'Local', placement: 'here', providerID, name: providerID, owner: { installation: 'test', pool: WEB, hostID }, state: 'Running', createdAt });

/** A provider whose lists a test answers when it likes. */
function slowProvider(name: ProviderName): { provider: CloudProvider; calls: Call[] } {
  const calls: Call[] = [];
  const unused = async (): Promise<never> => { throw new Error('not asked here'); };
  const list = (): Promise<ServerSnapshot> => new Promise((resolve, reject) => {
    calls.push({ answer: (servers) => resolve({ provider: name, asOf: Infinity, servers }), fail: reject });
  });
  return { calls, provider: { name, billing: 'Second', settleSeconds: 0, list, find: unused, create: unused, delete: unused } };
}

describe('the view of servers', () => {
  let clock: SimulatedClock;
  let view: ServerView;
  let local: ReturnType<typeof slowProvider>;
  let spare: ReturnType<typeof slowProvider>;
  beforeEach(() => {
    clock = createSimulatedClock(START);
    local = slowProvider('Local');
    spare = slowProvider('Static');
    view = createServerView({ Local: local.provider, Static: spare.provider }, 'test', clock, 1);
  });

  it('asks a provider that counts requests as rarely as that says, unless somebody needs a younger list', async () => {
    view = createServerView({ Local: { ...local.provider, listMaxAgeSeconds: 10 } }, 'test', clock, 1);
    const first = view.snapshot('Local');
    local.calls[0]!.answer([]);
    await first;
    await clock.advance(10_000);
    await view.snapshot('Local');
    expect(local.calls).to.have.length(1);
    void view.snapshot('Local', clock.now() - 2000);
    expect(local.calls).to.have.length(2);
  });

  it('asks once for all who ask at the same time, and again only when the answer is too old', async () => {
    const asked = [view.snapshot('Local'), view.snapshot('Local')];
    await clock.settle();
    expect(local.calls).to.have.length(1);
    local.calls[0]!.answer([]);
    for (const answer of asked) expect((await answer).asOf).to.equal(START);
    await clock.advance(1000);
    await view.snapshot('Local');
    expect(local.calls).to.have.length(1);
    await clock.advance(1);
    void view.snapshot('Local');
    await clock.settle();
    expect(local.calls).to.have.length(2);
  });

  it('dates an answer by when it was asked for, since what happened meanwhile may be missing in it', async () => {
    const asked = view.snapshot('Local');
    await clock.advance(500);
    local.calls[0]!.answer([]);
    expect((await asked).asOf).to.equal(START);
  });

  it('asks anew for who needs a younger answer than the one known or under way', async () => {
    const first = view.snapshot('Local');
    await clock.advance(100);
    const younger = view.snapshot('Local', START + 100);
    await clock.settle();
    expect(local.calls).to.have.length(2);
    local.calls[1]!.answer([server('new', START)]);
    expect((await younger).asOf).to.equal(START + 100);
    // The older answer comes later and is nobody's newest.
    local.calls[0]!.answer([]);
    expect((await first).servers).to.deep.equal([]);
    expect((await view.snapshot('Local')).servers).to.have.length(1);
  });

  it('asks anew after it was told to forget, and does not keep what was under way', async () => {
    const under = view.snapshot('Local');
    await clock.settle();
    view.forget('Local');
    local.calls[0]!.answer([]);
    await under;
    const next = view.snapshot('Local');
    await clock.settle();
    expect(local.calls).to.have.length(2);
    local.calls[1]!.answer([server('new', START)]);
    expect((await next).servers).to.have.length(1);
  });

  it('fails for all who wait for a call that fails, and asks again for the next', async () => {
    const asked = [view.snapshot('Local'), view.snapshot('Local')];
    await clock.settle();
    local.calls[0]!.fail(new ClassifiedError('Unavailable', 'the cloud is away'));
    for (const answer of asked) expect((await refused('Unavailable', answer)).message).to.equal('the cloud is away');
    const next = view.snapshot('Local');
    await clock.settle();
    local.calls[1]!.answer([]);
    expect((await next).servers).to.deep.equal([]);
  });

  it('calls a provider away when all lists of a minute have failed, with what it listed last; never one that it has not heard', async () => {
    const ask = async (answer: Server[] | Error): Promise<void> => {
      view.forget('Local');
      const asked = view.snapshot('Local').catch(() => undefined);
      await clock.settle();
      const call = local.calls.at(-1)!;
      if (answer instanceof Error) call.fail(answer);
      else call.answer(answer);
      await asked;
    };
    const gone = new ClassifiedError('Unavailable', 'the cloud is away');
    await ask(gone);
    await clock.advance(61_000);
    await ask(gone);
    expect(view.away('Local'), 'who has never answered may hold anything').to.equal(undefined);
    await ask([server('old', START)]);
    const since = clock.now();
    await ask(gone);
    await clock.advance(59_000);
    await ask(new ClassifiedError('Unauthorized', 'the token is refused'));
    expect(view.away('Local')).to.equal(undefined);
    await clock.advance(1000);
    expect(view.away('Local')).to.deep.include({ since, why: 'the token is refused' });
    expect(view.away('Local')?.last.servers).to.have.length(1);
    await ask([]);
    expect(view.away('Local')).to.equal(undefined);
  });

  it('knows nothing of a provider that is not set up', async () => {
    const none = createServerView({}, 'test', clock, 1);
    expect(await none.snapshot('Static')).to.deep.equal({ provider: 'Static', asOf: START, servers: [] });
  });

  describe('finds one server', () => {
    const both: readonly ProviderName[] = ['Local', 'Static'];
    async function find(ofLocal: Server[] | Error, ofSpare: Server[] | Error, recorded: Parameters<typeof findServer>[3] = {}): ReturnType<typeof findServer> {
      const found = findServer(view, both, 'one', recorded);
      await clock.settle();
      for (const [{ calls }, answer] of [[local, ofLocal], [spare, ofSpare]] as const) {
        if (answer instanceof Error) calls[0]!.fail(answer);
        else calls[0]!.answer(answer);
      }
      return found;
    }
    const away = new ClassifiedError('Unavailable', 'the cloud is away');
    const [old, young] = [server('old', START - 10), server('young', START - 5)];

    it('where it is, although another provider cannot be asked', async () => {
      expect(await find([old, server('other', START, 'two')], away)).to.deep.include({ kind: 'Found', server: old });
    });
    it('absent only when every provider says so', async () => {
      expect(await find([], [])).to.deep.equal({ kind: 'Absent', asOf: START });
    });
    it('unknown when one provider cannot be asked', async () => {
      expect(await find([], away)).to.deep.equal({ kind: 'Unknown', why: 'the cloud is away' });
    });
    it('twice: keeps the one that is a member, else the recorded one, else the oldest', async () => {
      const duplicate = { kind: 'Duplicate', keep: young, extra: [old] };
      expect(await find([young, old], [], { memberAddress: ({ providerID }) => providerID === 'young', providerID: 'old' })).to.deep.include(duplicate);
    });
    it('twice: keeps the recorded one', async () => {
      expect(await find([young, old], [], { memberAddress: () => false, providerID: 'young' })).to.deep.include({ keep: young, extra: [old] });
    });
    it('twice: keeps the oldest', async () => {
      expect(await find([young], [old])).to.deep.include({ keep: old, extra: [young] });
    });
  });
});
