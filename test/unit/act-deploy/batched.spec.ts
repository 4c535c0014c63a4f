import { expect } from 'chai';
import { batched } from '../../../controller/act/deploy/kamal/batched.ts';
import { oneAtATime } from '../../../controller/model/index.ts';

/** Work that ends when it is told to. */
function held(): { work: (items: readonly string[]) => Promise<string>; batches: string[][]; end: (answer: string | Error) => void } {
  const batches: string[][] = [];
  const ends: ((answer: string | Error) => void)[] = [];
  return {
    batches,
    work: (items) => new Promise((resolve, reject) => {
      batches.push([...items]);
      ends.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
    }),
    end: (answer) => ends.shift()?.(answer),
  };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('work for many at once', () => {
  it('takes together whoever comes together, and whoever comes while it is under way', async () => {
    const { work, batches, end } = held();
    const ask = batched(work);
    const first = [ask('a'), ask('b')];
    await settled();
    const second = [ask('c'), ask('d'), ask('c')];
    await settled();
    expect(batches).to.deep.equal([['a', 'b']]);
    end('one');
    expect(await Promise.all(first)).to.deep.equal(['one', 'one']);
    await settled();
    expect(batches).to.deep.equal([['a', 'b'], ['c', 'd']]);
    end('two');
    expect(await Promise.all(second)).to.deep.equal(['two', 'two', 'two']);
  });

  it('goes on after a batch that failed', async () => {
    const { work, end } = held();
    const ask = batched(work);
    const failing = ask('a').catch((error: Error) => error.message);
    await settled();
    const next = ask('b');
    end(new Error('no'));
    expect(await failing).to.equal('no');
    await settled();
    end('yes');
    expect(await next).to.equal('yes');
  });
});

describe('work in turn', () => {
  it('waits for what came before under its key, whatever became of it', async () => {
    const order: string[] = [];
    const inTurn = oneAtATime();
    const step = (name: string, fails = false) => async (): Promise<void> => {
      await settled();
      order.push(name);
      if (fails) throw new Error(name);
    };
    await Promise.allSettled([inTurn('x', step('x1', true)), inTurn('x', step('x2')), inTurn('y', step('y1')), inTurn('x', step('x3'))]);
    expect(order).to.deep.equal(['x1', 'y1', 'x2', 'x3']);
  });
});
