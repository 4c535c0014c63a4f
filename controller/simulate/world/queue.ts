/** A host as a queue: exponential service, as many requests at a time as it has workers (M/M/c). */
export interface HostQueue {
  workers: number;
  /** Mean time of a request without waiting. */
  serviceSeconds: number;
}

/** Requests a second at which a host saturates. */
export const saturationRate = ({ workers, serviceSeconds }: HostQueue): number => workers / serviceSeconds;

/** Probability that a request waits (Erlang C), by the numerically stable recursion of Erlang B. 1 from saturation on. */
export function waitProbability({ workers, serviceSeconds }: HostQueue, rate: number): number {
  const offered = rate * serviceSeconds;
  if (offered >= workers) return 1;
  let blocking = 1;
  for (let servers = 1; servers <= workers; servers++) blocking = (offered * blocking) / (servers + offered * blocking);
  return (workers * blocking) / (workers - offered * (1 - blocking));
}

/** Mean number of requests in the host, waiting ones included. Infinite from saturation on. */
export function meanInSystem(queue: HostQueue, rate: number): number {
  const offered = rate * queue.serviceSeconds;
  if (offered >= queue.workers) return Infinity;
  return offered + (waitProbability(queue, rate) * offered) / (queue.workers - offered);
}

/** Probability that a response takes longer than `seconds`. */
export function responseTail(queue: HostQueue, rate: number, seconds: number): number {
  const { workers, serviceSeconds } = queue;
  const waits = waitProbability(queue, rate);
  const spare = workers - rate * serviceSeconds;
  if (spare <= 0) return 1;
  const x = seconds / serviceSeconds;
  const gap = spare - 1;
  // Service and waiting are both exponential; with equal rates their sum is an Erlang-2 distribution.
  if (Math.abs(gap) < 1e-9) return Math.exp(-x) * (1 + waits * x);
  return Math.exp(-x) * (1 + (waits * (1 - Math.exp(-gap * x))) / gap);
}

/** 95th percentile of the response time in seconds; infinite from saturation on. */
export function p95Seconds(queue: HostQueue, rate: number): number {
  if (rate >= saturationRate(queue)) return Infinity;
  let low = 0;
  let high = queue.serviceSeconds;
  while (responseTail(queue, rate, high) > 0.05) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (responseTail(queue, rate, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** Greatest rate of a host with a P95 within the limit; 0 where even an idle host is slower. */
export function rateWithin(queue: HostQueue, limitSeconds: number): number {
  let low = 0;
  let high = saturationRate(queue);
  if (p95Seconds(queue, 1e-9) > limitSeconds) return 0;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (p95Seconds(queue, middle) <= limitSeconds) low = middle;
    else high = middle;
  }
  return low;
}
