import type { Mechanism } from '../../../controller/decide/index.ts';
import type { ContenderSpec } from '../../../controller/simulate/index.ts';
import type { OurSetting } from './ours.ts';
import { type Score, cellOf, costAtEqualShortage } from './score.ts';
import type { Row } from './tables.ts';

/** Every mechanism that can be left out, in words, and the bill by which it is judged. */
const MECHANISMS: Record<Mechanism, { says: string; billing: 'Second' | 'Hour' }> = {
  OfferedLoad: { says: 'offered load: completions taken for what they are', billing: 'Second' },
  LeadTime: { says: 'lead time of a boot: looks to the next evaluation only', billing: 'Second' },
  Trend: { says: 'trend', billing: 'Second' },
  QuickTrend: { says: 'the quick of the two trends', billing: 'Second' },
  CalmTrend: { says: 'the calm of the two trends', billing: 'Second' },
  Situations: { says: 'errors by situation', billing: 'Second' },
  Spread: { says: "the load's size and slope in the spread of errors", billing: 'Second' },
  RecentErrors: { says: 'recent errors in the spread', billing: 'Second' },
  Disagreement: { says: 'disagreement of trends in the spread', billing: 'Second' },
  ShareOfBill: { says: "risk by a host's share of the bill", billing: 'Second' },
  Headroom: { says: 'headroom from errors', billing: 'Second' },
  Season: { says: 'season', billing: 'Second' },
  PaidHours: { says: 'paid hours, with hourly billing', billing: 'Hour' },
  Elsewhere: { says: 'noticing that a threshold is not helped by hosts', billing: 'Second' },
};

/** Points of the knob at which each is measured, so that costs can be compared at equal shortage. */
const CAUTIONS: readonly number[] = [0, 50, 100];

export interface Ablation {
  /** Undefined: nothing is left out. */
  mechanism: Mechanism | undefined;
  billing: 'Second' | 'Hour';
  caution: number;
  spec: ContenderSpec;
}

export function ablations(setting: OurSetting): Ablation[] {
  const all: { mechanism: Mechanism | undefined; billing: 'Second' | 'Hour' }[] = [
    { mechanism: undefined, billing: 'Second' }, { mechanism: undefined, billing: 'Hour' },
    ...(Object.keys(MECHANISMS) as Mechanism[]).map((mechanism) => ({ mechanism, billing: MECHANISMS[mechanism].billing })),
  ];
  return all.flatMap(({ mechanism, billing }) => CAUTIONS.map((caution): Ablation => {
    const whole = setting.specFor(billing, 'Hosts');
    if (whole.kind !== 'Engine') throw new RangeError('only our engine has mechanisms');
    return {
      mechanism, billing, caution,
      spec: { ...whole, policy: { ...whole.policy, prediction: { ...setting.policy.prediction, caution } }, ...(mechanism !== undefined && { without: mechanism }) },
    };
  }));
}

export const ABLATION_HEAD: Row = ['without', 'at the default', 'cost at the same seconds short', 'worth'];

export function ablationRows(measured: readonly (Ablation & { score: Score })[], atCaution: number): Row[] {
  const by = (billing: 'Second' | 'Hour') => (billing === 'Hour' ? ('hourlyCost' as const) : ('cost' as const));
  const curve = (mechanism: Mechanism | undefined, billing: 'Second' | 'Hour') => measured.filter((one) => one.mechanism === mechanism && one.billing === billing);
  const row = (mechanism: Mechanism | undefined, billing: 'Second' | 'Hour'): Row => {
    const wholes = curve(undefined, billing);
    const base = wholes.find(({ caution }) => caution === atCaution)!.score;
    const own = curve(mechanism, billing);
    const cost = costAtEqualShortage(own.map(({ score }) => score), base.shortSecondsPerDay, by(billing));
    return [
      mechanism === undefined ? `nothing${billing === 'Hour' ? ', with hourly billing' : ''}` : MECHANISMS[mechanism].says,
      cellOf(own.find(({ caution }) => caution === atCaution)!.score),
      cost === undefined ? `never comes to ${base.shortSecondsPerDay.toFixed(0)} s` : cost.toFixed(3),
      cost === undefined || mechanism === undefined ? '' : `${cost >= base[by(billing)] ? '+' : '−'}${Math.abs(cost - base[by(billing)]).toFixed(3)}`,
    ];
  };
  return [row(undefined, 'Second'), row(undefined, 'Hour'), ...(Object.keys(MECHANISMS) as Mechanism[]).map((mechanism) => row(mechanism, MECHANISMS[mechanism].billing))];
}
