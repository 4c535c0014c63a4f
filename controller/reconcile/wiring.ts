import { type DeploySession, type ScalingPolicy, keyOf, sameKey } from '../api/index.ts';
import type { Change, Subscription } from '../ports/index.ts';
import { type Context, poolKeyOf } from './context.ts';

/** Turns what happens in the world into keys to look at. A key says where to look, never what happened. */
export function wire(context: Context): Subscription {
  const policies = new Map<string, ScalingPolicy>();
  const seen = new Map<string, string>();
  const subscriptions = [
    context.store.watch('HostPool', (change) => poolChanged(context, policies, seen, change)),
    context.store.watch('KamalHost', (change) => hostChanged(context, seen, change)),
    context.store.watch('ScalingPolicy', (change) => policyChanged(context, policies, change)),
    context.store.watch('DeploySession', (change) => sessionChanged(context, seen, change)),
    ...watchProviders(context),
  ];
  context.deployer.onEnd((key) => context.enqueue({ kind: 'Host', key }));
  context.enqueue({ kind: 'Membership' });
  context.enqueue({ kind: 'Orphans' });
  context.enqueue({ kind: 'Marks' });
  return { close: () => subscriptions.forEach((subscription) => subscription.close()) };
}

function poolChanged(context: Context, policies: Map<string, ScalingPolicy>, seen: Map<string, string>, change: Change<'HostPool'>): void {
  const { metadata } = change.object;
  if (!isNews(seen, change, `${metadata.generation} ${JSON.stringify([metadata.annotations, metadata.finalizers])}`)) return;
  context.enqueue({ kind: 'Pool', key: keyOf(change.object) });
  context.enqueue({ kind: 'Membership' });
  wakePolicies(context, policies, keyOf(change.object));
}

function hostChanged(context: Context, seen: Map<string, string>, change: Change<'KamalHost'>): void {
  const { metadata, status = {} } = change.object;
  if (!isNews(seen, change, `${metadata.generation} ${status.phase} ${status.health} ${status.address} ${status.failure?.at} ${JSON.stringify(metadata.annotations)}`)) return;
  context.enqueue({ kind: 'Host', key: keyOf(change.object) });
  context.enqueue({ kind: 'Pool', key: poolKeyOf(change.object) });
  context.enqueue({ kind: 'Membership' });
}

/** Hosts that wait for the lock look at it again; those that work under it are woken by the end of their work. */
function sessionChanged(context: Context, seen: Map<string, string>, change: Change<'DeploySession'>): void {
  const { metadata, spec, status }: DeploySession = change.object;
  if (!isNews(seen, change, `${metadata.generation} ${metadata.deletionTimestamp} ${status?.phase}`)) return;
  context.enqueue({ kind: 'Session', key: keyOf(change.object) });
  for (const name of spec.members ?? []) context.enqueue({ kind: 'Host', key: { namespace: metadata.namespace, name } });
}

/** A status that only words things anew must not wake the pass that wrote it: the two would chase each other. */
function isNews(seen: Map<string, string>, { type, object }: Change, signature: string): boolean {
  const { uid } = object.metadata;
  if (type === 'Deleted') seen.delete(uid);
  else if (seen.get(uid) === signature) return false;
  else seen.set(uid, signature);
  return true;
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
