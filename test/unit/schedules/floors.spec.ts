import { expect } from 'chai';
import { ClassifiedError } from '../../../controller/model/index.ts';
import { scheduleFloors } from '../../../controller/schedules/floors.ts';

const LUNCH = { name: 'lunch', start: '0 12 * * 1-5', end: '0 14 * * 1-5', timeZone: 'Europe/Berlin', hosts: 8 };
const at = (text: string): number => Date.parse(text);
const hostsAt = (schedules: Parameters<typeof scheduleFloors>[0], text: string, aheadSeconds = 0): number[] =>
  scheduleFloors(schedules)(at(text), aheadSeconds).map(({ hosts }) => hosts);

describe('schedules', () => {
  it('are floors from start to end in their time zone, and say until when', () => {
    // Berlin is an hour ahead of UTC in November.
    const [floor] = scheduleFloors([LUNCH])(at('2026-11-23T11:00:00Z'), 0);
    expect(floor).to.deep.equal({ kind: 'Floor', hosts: 8, reason: 'schedule lunch', liftedBy: 'ends 2026-11-23T13:00:00.000Z' });
    expect(hostsAt([LUNCH], '2026-11-23T10:59:59Z')).to.deep.equal([]);
    expect(hostsAt([LUNCH], '2026-11-23T13:00:00Z')).to.deep.equal([]);
    expect(hostsAt([LUNCH], '2026-11-22T11:30:00Z'), 'a Sunday').to.deep.equal([]);
  });

  it('count a boot earlier, so that hosts serve when they begin', () => {
    expect(hostsAt([LUNCH], '2026-11-23T10:58:30Z', 90)).to.deep.equal([8]);
    expect(hostsAt([LUNCH], '2026-11-23T10:58:29Z', 90)).to.deep.equal([]);
  });

  it('move with daylight saving: noon is noon', () => {
    // Berlin goes from +2 to +1 on 25 October 2026, and from +1 to +2 on 28 March 2027.
    for (const [text, hosts] of [['2026-10-23T10:00:00Z', [8]], ['2026-10-26T10:00:00Z', []], ['2026-10-26T11:00:00Z', [8]], ['2027-03-26T11:00:00Z', [8]], ['2027-03-29T10:00:00Z', [8]]] as const) {
      expect(hostsAt([LUNCH], text), text).to.deep.equal(hosts);
    }
  });

  it('that begin in the hour which a change skips begin right after it, and those in the hour that comes twice begin once', () => {
    const night = { ...LUNCH, name: 'night', start: '30 2 * * *', end: '0 5 * * *' };
    expect(hostsAt([night], '2027-03-28T00:59:59Z')).to.deep.equal([]);
    expect(hostsAt([night], '2027-03-28T01:30:00Z')).to.deep.equal([8]);
    expect(hostsAt([night], '2026-10-25T00:29:59Z')).to.deep.equal([]);
    expect(hostsAt([night], '2026-10-25T00:30:00Z')).to.deep.equal([8]);
    expect(hostsAt([night], '2026-10-25T01:15:00Z')).to.deep.equal([8]);
  });

  it('may lie over midnight, and overlap', () => {
    const night = { name: 'night', start: '0 22 * * *', end: '0 6 * * *', timeZone: 'UTC', hosts: 3 };
    const always = { ...night, name: 'late', start: '0 0 * * *', end: '0 1 * * *', hosts: 5 };
    const floors = scheduleFloors([night, always]);
    const of = (text: string) => floors(at(text), 0).map(({ hosts }) => hosts);
    expect([of('2026-11-23T21:59:00Z'), of('2026-11-23T23:00:00Z'), of('2026-11-24T00:30:00Z'), of('2026-11-24T05:59:00Z'), of('2026-11-24T06:00:00Z')]).to.deep.equal([[], [3], [3, 5], [3], []]);
    // The clock is set back: what was known of later does not count.
    expect(of('2026-11-23T21:59:00Z')).to.deep.equal([]);
  });

  it('that cannot be read are refused by name, field and value', () => {
    for (const [change, message] of [[{ start: '61 8 * * *' }, /"lunch": start "61 8 \* \* \*"/], [{ end: 'x x x x x' }, /end "x x x x x"/], [{ timeZone: 'No/Where' }, /time zone "No\/Where"/]] as const) {
      expect(() => scheduleFloors([{ ...LUNCH, ...change }])).to.throw(ClassifiedError, message);
    }
  });
});
