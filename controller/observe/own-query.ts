import { seconds } from '../model/index.ts';
import { absent, judge } from './outcome-of-rows.ts';
import type { Outcome } from './outcome-of-rows.ts';
import type { Answer, Sample } from './prometheus-answer.ts';
import type { Basis } from './rows.ts';

/** Reads the answer to a policy's own query; `age` is the answer about its newest sample, absent where no series is in it. */
export function readOwnQuery(text: string, answer: Answer, age: Answer | undefined, basis: Basis): Outcome {
  const what = shortened(text);
  switch (answer.kind) {
    case 'Refused':
    case 'Unreachable':
    case 'ClockSkew':
      return absent(answer.kind, `${what}: ${answer.message}`);
    case 'Matrix':
      return absent('Refused', `${what} gives a range of samples: put a function such as rate() or max_over_time() around it`);
    case 'Scalar':
      return withAge(what, answer.value, age, basis);
    case 'Vector':
      if (answer.samples.length > 1) {
        return absent('Ambiguous', `${what} gives ${answer.samples.length} series where one is expected: ${seriesOf(answer.samples)}; put sum(), max() or avg() around it`);
      }
      return withAge(what, answer.samples[0]?.value, age, basis);
  }
}

function withAge(what: string, value: number | undefined, age: Answer | undefined, basis: Basis): Outcome {
  const evaluated = basis.now / seconds(1);
  if (age === undefined) return judge(what, value, value === undefined ? undefined : evaluated, basis);
  switch (age.kind) {
    case 'Unreachable':
    case 'ClockSkew':
      return absent(age.kind, `${what}: the age of its samples is not known: ${age.message}`);
    case 'Vector':
      return judge(what, value, age.samples[0]?.value, basis);
    case 'Refused':
    case 'Scalar':
    case 'Matrix':
      return { ...judge(what, value, value === undefined ? undefined : evaluated, basis), warning: 'the age of its samples cannot be told: its series selectors were not understood' };
  }
}

function seriesOf(samples: readonly Sample[]): string {
  const shown = samples.slice(0, 3).map(({ labels }) => `{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(',').slice(0, LONGEST_LABELS)}}`);
  return `${shown.join(', ')}${samples.length > shown.length ? ', …' : ''}`;
}

const LONGEST_LABELS = 200;

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 120 ? line : `${line.slice(0, 120)}…`;
};
