import { type HostPool, type HostPoolStatus, type KamalHost, keyOf } from '../api/index.ts';
import {
  type Evidence, type EvidenceCause, type EvidenceFound, type HostFacts, type HostStep, type Outcome, adviceOf, fromTimestamp, isClass, requeueAfter, seconds, toTimestamp,
} from '../model/index.ts';
import { clip } from '../report/conditions.ts';
import { withHostStatus } from '../report/status.ts';
import type { Context } from './context.ts';
import { evidenceDocument, isTooOld, loadEvidence, withEvidence } from './evidence-document.ts';
import { hostTarget } from './host-endpoint.ts';

/** The longest that a paid server is kept for its evidence. */
const LONGEST_SECONDS = 20;

/** Whether a turn in the host's life is one of which evidence is kept; noted in its status, and done before its server goes. */
export function evidenceCause({ status }: KamalHost, step: HostStep & { kind: 'Advance' }): EvidenceCause | undefined {
  if (step.failure !== undefined) return 'StartFailed';
  if (step.to === 'Departing') return 'ServerLost';
  return step.to === 'Draining' && status?.health === 'Unhealthy' ? 'Unhealthy' : undefined;
}

/** Right before its server goes, or after it was lost. */
export const isDue = ({ status }: KamalHost, step: HostStep): boolean =>
  status?.evidence !== undefined && status.evidence.keptAt === undefined && (step.kind === 'DeleteServer' || (step.kind === 'Advance' && step.to === 'Released'));

/**
 * Keeps what can be had within some seconds of the moment at which that was first intended: a crash in between, a machine
 * that hangs or a store in trouble holds a paid server up no longer. Kept once: a record that is there is not gathered anew.
 */
export async function keepEvidence(context: Context, host: KamalHost, pool: HostPool, facts: HostFacts): Promise<Outcome> {
  const { clock, store } = context;
  const intended = host.status?.evidence?.since === undefined ? await note(context, host, { since: toTimestamp(clock.now()) }) : host;
  const elapsed = (clock.now() - (fromTimestamp(intended.status?.evidence?.since) ?? 0)) / seconds(1);
  // A clock that was put back must not begin the time anew.
  const left = elapsed < 0 ? 0 : LONGEST_SECONDS - elapsed;
  let trouble: string | undefined;
  try {
    await record(context, intended, pool, facts, left);
  } catch (error) {
    if (isClass(error, 'NotLeader') || left > 0) throw error;
    trouble = adviceOf(error);
  }
  await note(context, intended, { keptAt: toTimestamp(clock.now()) });
  const command = `kamal-autoscaler evidence ${host.metadata.name}`;
  await store.recordEvent({
    kind: 'HostPool', key: keyOf(pool), uid: pool.metadata.uid, type: 'Warning', reason: trouble === undefined ? 'EvidenceKept' : 'EvidenceLost',
    message: trouble === undefined ? `${host.metadata.name}: ${intended.status?.evidence?.cause}; to read it: ${command}` : `what ${host.metadata.name} said could not be kept: ${trouble}`,
  });
  return requeueAfter(0);
}

const note = ({ store, clock }: Context, host: KamalHost, change: { since?: string; keptAt?: string }): Promise<KamalHost> => {
  const { evidence } = host.status ?? {};
  return evidence === undefined ? Promise.resolve(host) : store.updateStatus('KamalHost', withHostStatus(host, { evidence: { ...evidence, ...change } }, clock.now()));
};

async function record(context: Context, host: KamalHost, pool: HostPool, facts: HostFacts, secondsLeft: number): Promise<void> {
  const { clock, documents } = context;
  const key = keyOf(pool);
  const { records, version } = await loadEvidence(documents, key, clock.now());
  const known = records.some(({ hostID }) => hostID === host.spec.hostID);
  const kept = known ? records : withEvidence(records, await gather(context, host, pool, facts, secondsLeft));
  if (!known) await documents.save(evidenceDocument(key), kept, version);
  await tellPool(context, pool, kept);
}

async function gather(context: Context, host: KamalHost, pool: HostPool, { server, membership }: HostFacts, secondsLeft: number): Promise<Evidence> {
  const { status = {}, spec, metadata } = host;
  const found = await askMachine(context, host, pool, secondsLeft);
  return {
    host: metadata.name, hostID: spec.hostID, cause: status.evidence?.cause ?? 'StartFailed', reason: status.evidence?.reason ?? '', gatheredAt: context.clock.now(),
    server: `${serverText(server)}; ${membership.kind}`, status, ...found,
  };
}

async function askMachine({ deployer, clock }: Context, host: KamalHost, pool: HostPool, secondsLeft: number): Promise<EvidenceFound> {
  const target = hostTarget(host, pool);
  const nothing = (why: string): EvidenceFound => ({ texts: [], missing: [{ name: 'machine', why }] });
  if (target === undefined) return nothing('its provider told no address of it');
  if (secondsLeft <= 0) return nothing(`it was not asked within ${LONGEST_SECONDS} s`);
  const answered = new AbortController();
  const late = clock.sleep(seconds(secondsLeft), answered.signal).then(() => nothing(`it did not answer within ${LONGEST_SECONDS} s`));
  try {
    return await Promise.race([deployer.evidence(target, secondsLeft), late]);
  } catch (error) {
    if (isClass(error, 'NotLeader')) throw error;
    return nothing(adviceOf(error));
  } finally {
    answered.abort();
  }
}

function serverText(server: HostFacts['server']): string {
  switch (server.kind) {
    case 'Unknown': return `its provider could not be asked: ${server.why}`;
    case 'Absent': return 'its provider lists no server of it';
    case 'Duplicate': return `its provider lists ${server.extra.length + 1} servers of it`;
    case 'Found': {
      const { providerID, state, placement, address, createdAt, trouble } = server.server;
      return `server ${providerID} in ${placement} is ${state}, made at ${toTimestamp(createdAt)}, ${address ?? 'without address'}${trouble === undefined ? '' : `; ${trouble.class}: ${trouble.message}`}`;
    }
  }
}

/** The pool names what is kept, so that whoever describes it finds it when the host is long gone. */
async function tellPool({ store }: Context, pool: HostPool, records: readonly Evidence[]): Promise<void> {
  const fresh = await store.get('HostPool', keyOf(pool), 'Fresh');
  if (fresh === undefined) return;
  const evidence = records.map(({ host, cause, reason, gatheredAt }) => ({ host, cause, reason: clip(reason, 300), at: toTimestamp(gatheredAt) }));
  await store.updateStatus('HostPool', { ...fresh, status: { ...fresh.status, evidence } });
}

/** Removes what was kept for long enough; looks only where the pool's status says that there is something. */
export async function forgetOldEvidence({ documents, clock }: Context, pool: HostPool): Promise<NonNullable<HostPoolStatus['evidence']> | undefined> {
  const listed = pool.status?.evidence;
  const young = listed?.filter(({ at }) => !isTooOld(fromTimestamp(at) ?? 0, clock.now()));
  if (listed === undefined || young?.length === listed.length) return listed;
  const { records, version } = await loadEvidence(documents, keyOf(pool), clock.now());
  if (version !== undefined) await documents.save(evidenceDocument(keyOf(pool)), records, version);
  return young;
}
