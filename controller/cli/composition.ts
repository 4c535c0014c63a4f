import type { Kind, ObjectKey, Resource } from '../api/index.ts';
import type { Audit, Evidence, Instant, Inventory, Membership, Server } from '../model/index.ts';
import type { DecisionLog, Store } from '../ports/index.ts';
import type { Simulator } from './simulator.ts';

export type { BacktestRequest, LoadSource, Simulator, Suggestion, SuggestionPoint, WorldRequest } from './simulator.ts';

/** What the commands are given; the composition root makes it, so that no command constructs an adapter. */
export interface Composition {
  /**
   * Runs the controller until `io.signal` aborts. Resolves with the exit code of the process. Rejects with `Invalid`
   * when a flag or variable is wrong; that is wrong usage.
   */
  run(flags: RunFlags, io: Io): Promise<number>;
  /** Runs the demo until it ends or `io.signal` aborts. Resolves with the exit code of the process. */
  demo(flags: DemoFlags, io: Io): Promise<number>;
  simulator: Simulator;
  /**
   * Reads moments from standard input and writes a decision for each, until the input ends. Resolves with the exit code of
   * the process. Rejects with `Invalid` when a file cannot be used.
   */
  evaluate(flags: EvaluateFlags, io: Io): Promise<number>;
  /** Opens the store beside a controller that may run. Rejects with a ClassifiedError when it cannot be reached. */
  open(where: StoreLocation, io: Io): Promise<OpenStore>;
  /** Compares all that can be asked with the environment's tokens and key. Rejects as `open` does, and with `Invalid` for a wrong variable. */
  audit(where: StoreLocation, namespace: string | undefined, io: Io): Promise<Audit>;
  /** What clouds and files say while no controller and no store is there. */
  offline: Offline;
  /** Reads and judges the documents of files and folders without a store: syntax, schema, rules, and references between them. */
  readFiles(paths: readonly string[]): Promise<FileReading>;
  /** Of the package. */
  version: string;
}

/** Values of the flags of `run`; undefined where a flag was not given, so that the environment may give it. */
export interface RunFlags {
  config?: string;
  cluster?: boolean;
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  installation?: string;
  state?: string;
  listen?: string;
  prometheus?: string;
  scrapeInterval?: string;
  maxServers?: string;
  kamalProjects?: string;
  kamal?: string;
  budget?: string;
  logLevel?: string;
}

export interface DemoFlags {
  /** Chance of the load; the demo chooses its own when absent. */
  seed?: number;
  /** File that the plot is written to. */
  svg?: string;
}

export interface EvaluateFlags {
  /** File of a ScalingPolicy and its HostPool. */
  policy: string;
  billing: 'Hour' | 'Second';
  /** CSV file of the load before. */
  history?: string;
}

/** Where the store of the other commands is. `Standalone` without `state`: the environment or the usual folder. */
export type StoreLocation =
  | { kind: 'Standalone'; state?: string }
  | { kind: 'Cluster'; kubeconfig?: string; context?: string; /** Namespace of the controller's own documents. */ controllerNamespace?: string };

export interface OpenStore {
  store: Store;
  /** Namespace of objects where a command names none. */
  defaultNamespace: string;
  /** Absent where evaluations are kept in the memory of the controller alone: in a cluster. */
  decisionLog?: Pick<DecisionLog, 'recent'>;
  /** Absent where Events cannot be read back. Newest last. */
  events?(kind: Kind, key: ObjectKey): Promise<ObjectEvent[]>;
  /** The last-known-good membership of all load balancers; undefined before the first. */
  membership(): Promise<Membership | undefined>;
  /** Who must be deployed to besides the hosts that people own; undefined before a controller looked. */
  inventory(): Promise<Inventory | undefined>;
  /** Host-hours of a pool's bought hosts in a calendar month (`YYYY-MM`, UTC), those that still run included. */
  hostHours(pool: ObjectKey, month: string, now: Instant): Promise<number>;
  /** What is kept of a pool's failed hosts, the newest first. */
  evidence(pool: ObjectKey, now: Instant): Promise<Evidence[]>;
  close(): Promise<void>;
}

export interface ObjectEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  count: number;
  lastAt: Instant;
}

/** Asks by the environment alone: tokens of clouds, and the controller's key. */
export interface Offline {
  /** All servers of an installation, at every provider that the environment has a token of. Rejects when one of them does not answer, and with `Invalid` without any token. */
  servers(installation: string, io: Io): Promise<Server[]>;
  /** Public keys with which the controller logs in, as lines of authorized_keys. Rejects with `Invalid` where no key is named. */
  authorizedKeys(io: Io): Promise<string[]>;
}

/** Documents of files: what was read, and everything that is wrong. */
export interface FileReading {
  objects: Resource[];
  problems: FileProblem[];
}

export interface FileProblem {
  file: string;
  /** Counted from 1. */
  line?: number;
  /** Counted from 1. */
  column?: number;
  /** A `Warning` may be right where it is applied, and fails nothing. Absent: an error. */
  severity?: 'Error' | 'Warning';
  message: string;
}

/** The process as a command sees it. */
export interface Io {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Standard input as text, in pieces of any size; it throws when the signal aborts. */
  stdin(): AsyncIterable<string>;
  env: Record<string, string | undefined>;
  now(): Instant;
  /** Width of the terminal; 80 where there is none. */
  columns: number;
  isTTY: boolean;
  /** Aborts when a person or a supervisor asks the program to end, and when nobody reads its output any more. */
  signal: AbortSignal;
}
