import { expect } from 'chai';
import fc from 'fast-check';
import { judgeErrors } from '../../../controller/plan/index.ts';

const of = (requests: number, errors: number) => ({ requests, errors });

describe('judgeErrors', () => {
  const rows: [string, ReturnType<typeof of>, ReturnType<typeof of>, string][] = [
    ['too few requests of the newcomer', of(49, 49), of(9000, 0), 'TooFew'],
    ['too few requests of its siblings', of(900, 900), of(49, 0), 'TooFew'],
    ['none fails', of(900, 0), of(9000, 0), 'Alike'],
    ['as many as elsewhere', of(900, 45), of(9000, 450), 'Alike'],
    ['one unlucky request in a few', of(50, 1), of(9000, 0), 'Alike'],
    ['a few more than elsewhere, which may be chance', of(200, 8), of(9000, 180), 'Alike'],
    ['all of them', of(50, 50), of(9000, 0), 'Exceeds'],
    ['a fifth, where almost none fails elsewhere', of(60, 12), of(9000, 3), 'Exceeds'],
    ['all of them, where half fail elsewhere: not clearly more than twice', of(900, 900), of(9000, 4500), 'Alike'],
    ['a small share of many, ten times that of others', of(10_000, 500), of(100_000, 500), 'Exceeds'],
    ['a rate that is low on both sides', of(100_000, 400), of(100_000, 10), 'Alike'],
  ];
  for (const [title, newcomer, siblings, kind] of rows) it(`${title}: ${kind}`, () => expect(judgeErrors('web-3', newcomer, siblings).kind).to.equal(kind));

  it('says the numbers', () => {
    expect(judgeErrors('web-3', of(60, 12), of(9000, 3))).to.deep.equal({ kind: 'Exceeds', why: 'web-3 answered 12 of 60 requests (20.0 %) with errors, its siblings 3 of 9000 requests (0.0 %)' });
  });

  it('never accuses a host of the rate of its siblings, nor of a lower one', () => {
    const some = fc.integer({ min: 50, max: 100_000 }).chain((requests) => fc.tuple(fc.constant(requests), fc.double({ min: 0, max: 1, noNaN: true })));
    fc.assert(fc.property(some, some, ([requests, rate], [others, otherRate]) => {
      const [low, high] = [Math.min(rate, otherRate), Math.max(rate, otherRate)];
      expect(judgeErrors('x', of(requests, Math.floor(low * requests)), of(others, Math.ceil(high * others))).kind).to.equal('Alike');
    }), { numRuns: 3000 });
  });

  it('accuses one host in thousands by chance, not more', () => {
    // Both sides drawn from one rate; the law of large numbers is the seed's.
    let state = 12_345;
    const chance = (): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state / 2_147_483_648;
    };
    const draw = (requests: number, rate: number) => of(requests, Array.from({ length: requests }, chance).filter((value) => value < rate).length);
    let accused = 0;
    for (let run = 0; run < 2000; run += 1) if (judgeErrors('x', draw(80, 0.02), draw(400, 0.02)).kind === 'Exceeds') accused += 1;
    expect(accused).to.be.at.most(2);
  });
});
