import type { Command } from 'commander';
import { type HostPool, type ScalingPolicy, keyOf } from '../api/index.ts';
import { type Instant, toTimestamp } from '../model/index.ts';
import type { Composition, Io, OpenStore } from './composition.ts';
import { readDuration } from './duration.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { edit, need, policyOf } from './find.ts';
import { readPoolName } from './kinds.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';
import { counted } from './text.ts';

interface ScaleFlags extends LocationFlags {
  namespace?: string;
  replicas?: string;
  for?: string;
  reason?: string;
  endHold?: boolean;
}

/** What a person asked for. */
type Wish =
  | { kind: 'Set'; replicas: number }
  | { kind: 'Hold'; replicas: number; milliseconds: number; reason?: string }
  | { kind: 'EndHold' };

export function addScale(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('scale')
    .description('Set the number of hosts of a pool, fixed and bought together.')
    .argument('<pool>', 'name of a HostPool')
    .option('--replicas <n>', 'hosts to have')
    .option('--for <duration>', 'hold the number for so long against its policy')
    .option('--reason <text>', 'why; kept with the hold')
    .option('--end-hold', 'give the pool back to its policy now')
    .option('-n, --namespace <ns>', 'namespace of the pool'))
    .addHelpText('after', `
A pool that a policy scales takes a number for a time only: --for 90s, 30m, 2h
or 1d. The policy's minHosts and maxHosts still apply.

Examples:
  kamal-autoscaler scale web --replicas 4
  kamal-autoscaler scale web --replicas 8 --for 2h --reason "sale at noon"
  kamal-autoscaler scale web --end-hold`)
    .action(async (word: string, flags: ScaleFlags) => {
      const name = readPoolName(word);
      const wish = readWish(flags);
      finish(await withStore(composition, io, flags, async (open) => {
        const pool = await need(open.store, 'HostPool', { name, namespace: flags.namespace ?? open.defaultNamespace });
        const policy = await policyOf(open.store, pool);
        io.stdout(`${await fulfil(open, pool, policy, wish, io.now())}\n`);
        return EXIT.done;
      }));
    });
}

async function fulfil(open: OpenStore, pool: HostPool, policy: ScalingPolicy | undefined, wish: Wish, now: Instant): Promise<string> {
  switch (wish.kind) {
    case 'Set':
      return await setReplicas(open, pool, policy, wish.replicas);
    case 'Hold': {
      const until = toTimestamp(now + wish.milliseconds).replace(/\.\d+Z$/, 'Z');
      const { replicas, reason } = wish;
      const holder = enforcing(pool, policy);
      checkBounds(holder, replicas);
      await edit(open.store, 'ScalingPolicy', keyOf(holder), (read) =>
        ({ ...read, spec: { ...read.spec, hold: { hosts: replicas, until, ...(reason !== undefined && { reason }) } } }));
      return `scalingpolicy/${holder.metadata.name} holds hostpool/${pool.metadata.name} at ${counted(replicas, 'host')} until ${until}`;
    }
    case 'EndHold':
      return await endHold(open, pool, policy);
  }
}

async function setReplicas(open: OpenStore, pool: HostPool, policy: ScalingPolicy | undefined, replicas: number): Promise<string> {
  const { name } = pool.metadata;
  if (policy?.spec.mode === 'Enforce') {
    throw new CommandFailure(EXIT.refused, `hostpool/${name} is scaled by scalingpolicy/${policy.metadata.name}, which would undo this`,
      `hold the number for a time: kamal-autoscaler scale ${name} --replicas ${replicas} --for 2h`);
  }
  if (replicas > pool.spec.maxReplicas) {
    throw new CommandFailure(EXIT.refused, `--replicas ${replicas} is more than spec.maxReplicas ${pool.spec.maxReplicas} of hostpool/${name}`, 'write at most that, or raise spec.maxReplicas');
  }
  await open.store.scale(keyOf(pool), replicas);
  const from = pool.spec.replicas === undefined ? '' : `, was ${pool.spec.replicas}`;
  return `hostpool/${name} scaled to ${counted(replicas, 'host')}${from}`;
}

async function endHold(open: OpenStore, pool: HostPool, policy: ScalingPolicy | undefined): Promise<string> {
  const nothing = `hostpool/${pool.metadata.name} is not held`;
  if (policy === undefined) return nothing;
  const result = await edit(open.store, 'ScalingPolicy', keyOf(policy), (read) => {
    const { hold, ...spec } = read.spec;
    return hold === undefined ? undefined : { ...read, spec };
  });
  return result === 'Unchanged' ? nothing : `scalingpolicy/${policy.metadata.name} scales hostpool/${pool.metadata.name} again`;
}

/** Only a policy that enforces can hold a number, and only there is a hold needed. */
function enforcing(pool: HostPool, policy: ScalingPolicy | undefined): ScalingPolicy {
  const { name } = pool.metadata;
  if (policy === undefined) {
    throw new CommandFailure(EXIT.refused, `no policy scales hostpool/${name}, so nothing would end a hold`, 'leave --for out: the number then stays until it is changed');
  }
  if (policy.spec.mode !== 'Enforce') {
    throw new CommandFailure(EXIT.refused, `scalingpolicy/${policy.metadata.name} is in mode ${policy.spec.mode} and sets no number, so it cannot hold one`, 'leave --for out: the number then stays until it is changed');
  }
  return policy;
}

/** The policy's limits apply to a hold too; better said now than seen later. */
function checkBounds({ metadata, spec: { minHosts, maxHosts } }: ScalingPolicy, replicas: number): void {
  if (replicas >= minHosts && replicas <= maxHosts) return;
  throw new CommandFailure(EXIT.refused, `--replicas ${replicas} is outside minHosts ${minHosts} to maxHosts ${maxHosts} of scalingpolicy/${metadata.name}`,
    `write a number within, or change the policy's limits`);
}

function readWish({ replicas, for: duration, reason, endHold }: ScaleFlags): Wish {
  if (endHold === true) {
    if (replicas !== undefined || duration !== undefined || reason !== undefined) throw new CommandFailure(EXIT.usage, '--end-hold goes with no other number', 'leave --replicas, --for and --reason out');
    return { kind: 'EndHold' };
  }
  if (replicas === undefined) throw new CommandFailure(EXIT.usage, 'no number of hosts is given', 'write --replicas N, or --end-hold');
  const hosts = readReplicas(replicas);
  if (duration !== undefined) return { kind: 'Hold', replicas: hosts, milliseconds: readDuration('--for', duration), ...(reason !== undefined && { reason }) };
  if (reason !== undefined) throw new CommandFailure(EXIT.usage, '--reason is kept with a hold only', 'write --for DURATION too, or leave --reason out');
  return { kind: 'Set', replicas: hosts };
}

const MOST_HOSTS = 500;

function readReplicas(text: string): number {
  const hosts = Number(text);
  if (/^\d+$/.test(text) && hosts <= MOST_HOSTS) return hosts;
  throw new CommandFailure(EXIT.usage, `--replicas ${JSON.stringify(text)} is no number of hosts`, `write a whole number from 0 to ${MOST_HOSTS}`);
}

