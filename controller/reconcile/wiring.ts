import { type HostPool, type KamalHost, type ScalingPolicy, keyOf, sameKey } from '../api/index.ts';
import type { Change, Subscription } from '../ports/index.ts';
import { type Context, poolKeyOf } from './context.ts';

/** Turns what happens in the world into keys to look at. A key says where to look, never what happened. */
export function wire(context: Context): Subscription {
  const policies = new Map<string, ScalingPolicy>();
  const generations = new Map<string, number>();
  const subscriptions = [
    context.store.watch('HostPool', ({ object }) => poolChanged(context, policies, generations, object)),
    context.store.watch('KamalHost', ({ object }) => hostChanged(context, object)),
    context.store.watch('ScalingPolicy', (change) => policyChanged(context, policies, change)),
    ...watchProviders(context),
  ];
  context.deployer.onEnd((key) => context.enqueue({ kind: 'Host', key }));
  context.enqueue({ kind: 'Membership' });
  context.enqueue({ kind: 'Orphans' });
  return { close: () => subscriptions.forEach((subscription) => subscription.close()) };
}

function poolChanged(context: Context, policies: Map<string, ScalingPolicy>, generations: Map<string, number>, pool: HostPool): void {
  context.enqueue({ kind: 'Pool', key: keyOf(pool) });
  context.enqueue({ kind: 'Membership' });
  if (generations.get(pool.metadata.uid) === pool.metadata.generation) return;
  generations.set(pool.metadata.uid, pool.metadata.generation);
  wakePolicies(context, policies, keyOf(pool));
}

function hostChanged(context: Context, host: KamalHost): void {
  context.enqueue({ kind: 'Host', key: keyOf(host) });
  context.enqueue({ kind: 'Pool', key: poolKeyOf(host) });
  context.enqueue({ kind: 'Membership' });
}

function policyChanged(context: Context, policies: Map<string, ScalingPolicy>, { type, object }: Change<'ScalingPolicy'>): void {
  const before = policies.get(object.metadata.uid);
  if (type === 'Deleted') policies.delete(object.metadata.uid);
  else policies.set(object.metadata.uid, object);
  // A status that was written is no reason to decide again: only spec and deletion are.
  if (before === undefined || before.metadata.generation !== object.metadata.generation) context.enqueue({ kind: 'Policy', key: keyOf(object) });
  // With one policy less, a younger one on the same pool may take over.
  if (type === 'Deleted') wakePolicies(context, policies, { namespace: object.metadata.namespace, name: object.spec.targetRef.name });
}

function wakePolicies(context: Context, policies: Map<string, ScalingPolicy>, pool: { namespace: string; name: string }): void {
  for (const policy of policies.values()) {
    const target = { namespace: policy.metadata.namespace, name: policy.spec.targetRef.name };
    if (sameKey(target, pool)) context.enqueue({ kind: 'Policy', key: keyOf(policy) });
  }
}

function watchProviders(context: Context): Subscription[] {
  return Object.values(context.providers).flatMap((provider) => provider.watch?.((owner) => {
    context.servers.forget(provider.name);
    context.enqueue({ kind: 'Pool', key: owner.pool });
    void wakeHost(context, owner.hostID);
  }) ?? []);
}

async function wakeHost(context: Context, hostID: string): Promise<void> {
  try {
    const hosts = await context.store.list('KamalHost', { from: 'Cached' });
    const host = hosts.find(({ spec }) => spec.hostID === hostID);
    if (host !== undefined) context.enqueue({ kind: 'Host', key: keyOf(host) });
  } catch {
    // The host's own pass looks again within seconds.
  }
}
