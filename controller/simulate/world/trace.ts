/** Mean request rates of equally long bins. */
export interface Trace {
  /** Seconds of a bin. */
  binSeconds: number;
  /** Requests a second, one entry a bin; the first bin begins at second 0. */
  rates: Float64Array;
}

/** A part of a trace in seconds from its begin; `to` is not in it. */
export interface Span {
  from: number;
  to: number;
}

export const lengthSeconds = ({ binSeconds, rates }: Trace): number => binSeconds * rates.length;

/** Requests a second at one moment: on the line between the centres of bins; level before the first and after the last. */
export function rateAt({ binSeconds, rates }: Trace, second: number): number {
  const position = second / binSeconds - 0.5;
  const last = rates.length - 1;
  if (position <= 0) return rates[0] ?? 0;
  if (position >= last) return rates[last] ?? 0;
  const index = Math.floor(position);
  const before = rates[index] as number;
  return before + (position - index) * ((rates[index + 1] as number) - before);
}

/** Highest rate at the ticks of a span. */
export function peakIn(trace: Trace, { from, to }: Span, tickSeconds: number): number {
  let peak = 0;
  for (let second = from; second < to; second += tickSeconds) peak = Math.max(peak, rateAt(trace, second));
  return peak;
}

export const scaled = (trace: Trace, factor: number): Trace => ({ ...trace, rates: trace.rates.map((rate) => rate * factor) });

/** Smoothed by a Gaussian, which takes the chance of single requests out of a small site's minutes; ends are weighted anew. */
export function smoothed({ binSeconds, rates }: Trace, sigmaSeconds: number): Trace {
  const sigma = sigmaSeconds / binSeconds;
  const reach = Math.ceil(4 * sigma);
  const weights = Array.from({ length: reach + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * sigma ** 2)));
  return {
    binSeconds,
    rates: rates.map((_, index) => {
      let sum = 0;
      let weight = 0;
      for (let other = Math.max(0, index - reach); other <= Math.min(rates.length - 1, index + reach); other++) {
        const share = weights[Math.abs(other - index)] as number;
        sum += share * (rates[other] as number);
        weight += share;
      }
      return sum / weight;
    }),
  };
}
