import { type ReferenceChange, REFERENCE_WORLD } from '../../../controller/simulate/index.ts';

/** A world that differs from the reference in one thing; engines are not told. */
export interface Variant {
  name: string;
  change: ReferenceChange;
}

const bootOf = (medianSeconds: number): ReferenceChange => ({
  parameters: { boot: { medianSeconds, sigma: REFERENCE_WORLD.boot.sigma, leastSeconds: medianSeconds / 2, mostSeconds: medianSeconds * 2 } },
});
const scrapeOf = (change: Partial<typeof REFERENCE_WORLD.scrape>): ReferenceChange => ({ parameters: { scrape: { ...REFERENCE_WORLD.scrape, ...change } } });

export const REFERENCE: Variant = { name: 'reference', change: {} };

export const VARIANTS: readonly Variant[] = [
  { name: 'boots of 30 s', change: bootOf(30) },
  { name: 'boots of 120 s', change: bootOf(120) },
  { name: 'boots of 240 s', change: bootOf(240) },
  { name: 'peak of 400 rps', change: { peakRate: 400 } },
  { name: 'metrics of the load balancer', change: scrapeOf({ source: 'LoadBalancer' }) },
  { name: '5 % noise', change: scrapeOf({ noise: 0.05 }) },
  { name: 'one scrape in ten lost', change: scrapeOf({ lost: 0.1 }) },
];

/** By the hour: the world lets the host with the least paid time left go first. */
export const byTheHour = ({ name, change }: Variant): Variant => ({ name, change: { ...change, parameters: { ...change.parameters, billing: 'Hour' } } });
