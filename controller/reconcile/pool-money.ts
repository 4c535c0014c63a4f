import { type HostPool, type HostPoolStatus, type KamalHost, keyOf, keyText } from '../api/index.ts';
import { type ProviderName, toTimestamp } from '../model/index.ts';
import { isLeaving } from './assemble-fleet.ts';
import type { Context } from './context.ts';
import { quotaOf } from './learned-limits.ts';
import { type KnownTariff, type Ledger, hostHoursOf, living } from './ledger.ts';
import { type Spend, spendOf } from './spend.ts';

/** What a pool's hosts cost, for its status and for the controller's metrics. */
export async function observeMoney(context: Context, pool: HostPool, hosts: readonly KamalHost[]): Promise<NonNullable<HostPoolStatus['spend']>> {
  const key = keyOf(pool);
  const now = context.clock.now();
  const ledger = await priced(context, pool, await context.gate.read());
  const leaving = new Set(hosts.filter(isLeaving).map(({ spec }) => spec.hostID));
  const spend = spendOf(ledger, now, { pool: keyText(key), leaving });
  context.meters.hostHours(key, hostHoursOf(ledger, key, toTimestamp(now).slice(0, 7), now));
  context.meters.spent(key, spend.amounts, spend.unpriced);
  context.meters.installationSpent(spendOf(ledger, now).amounts, context.gate.limits.budgets);
  for (const provider of Object.keys(context.providers) as ProviderName[]) context.meters.providerQuota(provider, quotaOf(ledger.limits, provider, now)?.servers);
  return spendStatus(spend);
}

/** Servers that were bought or adopted while nobody could tell their price get it as soon as somebody can. */
async function priced(context: Context, pool: HostPool, ledger: Ledger): Promise<Ledger> {
  const without = living(ledger).filter(([, entry]) => entry.pool === keyText(keyOf(pool)) && entry.tariff === undefined);
  if (without.length === 0) return ledger;
  const tariffs: Record<string, KnownTariff> = {};
  for (const [hostID, entry] of without) {
    const placement = pool.spec.placements.find(({ name, provider }) => name === entry.placement && provider === entry.provider);
    const tariff = placement === undefined ? undefined : await context.prices.tariffOf(placement);
    if (tariff !== undefined && tariff.kind !== 'Unknown') tariffs[hostID] = tariff;
  }
  if (Object.keys(tariffs).length === 0) return ledger;
  await context.gate.noteTariffs(tariffs);
  return context.gate.read();
}

const cents = (amount: number): number => Math.round(amount * 100) / 100;

function spendStatus({ month, amounts, unpriced }: Spend): NonNullable<HostPoolStatus['spend']> {
  const listed = Object.entries(amounts).map(([currency, { soFar, projected }]) => ({ currency, soFar: cents(soFar), projected: cents(projected) }));
  return { month, ...(listed.length === 0 ? {} : { amounts: listed }), ...(unpriced === 0 ? {} : { unpricedHosts: unpriced }) };
}
