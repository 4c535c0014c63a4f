/** Instants of one step, and what lies between them. Pure. */
import type { Instant } from '../../../controller/model/index.ts';

/** When one bought host did what. */
export interface HostMarks {
  /** Right before its server's create call. */
  created: Instant;
  /** Its ports were bound: the boot is over. */
  booted: Instant;
  /** Its deploy could begin. */
  deploying: Instant;
  /** The load balancer's document could name it. */
  joining: Instant;
  inService: Instant;
}

export interface StepMarks {
  /** The load changed. */
  stepped: Instant;
  /** The first scrape began in which the change shows. */
  scraped: Instant;
  /** The pool's `replicas` were raised to the whole number. */
  decided: Instant;
  hosts: readonly HostMarks[];
}

/** Seconds between the marks; of several hosts those of the one that came into service last. */
export interface Spans {
  stepToScrape: number;
  scrapeToDecision: number;
  decisionToCreate: number;
  boot: number;
  /** From the bound ports until the controller saw a machine to deploy to. */
  noticed: number;
  deploy: number;
  join: number;
  /** From the first scrape with the step to the last host in service, less that host's boot. */
  added: number;
}

/** Throws without a host. */
export function spansOf({ stepped, scraped, decided, hosts }: StepMarks): Spans {
  const last = hosts.toSorted((a, b) => b.inService - a.inService)[0];
  if (last === undefined) throw new Error('a step that added no host has no spans');
  return {
    stepToScrape: between(stepped, scraped),
    scrapeToDecision: between(scraped, decided),
    decisionToCreate: between(decided, last.created),
    boot: between(last.created, last.booted),
    noticed: between(last.booted, last.deploying),
    deploy: between(last.deploying, last.joining),
    join: between(last.joining, last.inService),
    added: between(scraped, last.inService) - between(last.created, last.booted),
  };
}

const between = (from: Instant, to: Instant): number => (to - from) / 1_000;

/** The middle one, or the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new Error('nothing has no median');
  return (low + high) / 2;
}
