import { type Instant, type ProviderName, type Tariff, messageOf, seconds } from '../model/index.ts';
import type { Clock, CloudProvider, Placement } from '../ports/index.ts';
import { notSetUp } from './choose-placement.ts';

/** What hosts of a placement cost. Never throws: what cannot be told is Unknown, with the reason. */
export interface PriceView {
  /** At once from what was last heard, however old; only the very first answer is waited for. */
  tariffOf(placement: Placement): Promise<Tariff>;
}

const READ_ANEW_SECONDS = 300;
const ASK_AGAIN_SECONDS = 60;

interface Heard {
  tariff: Tariff;
  at: Instant;
  asking?: Promise<Tariff>;
}

/** A provider that hangs must not hold up decisions, so prices are refreshed beside them. */
export function createPriceView(providers: Partial<Record<ProviderName, CloudProvider>>, clock: Clock): PriceView {
  const heard = new Map<string, Heard>();

  async function ask(provider: CloudProvider, placement: Placement, key: string): Promise<Tariff> {
    const before = heard.get(key)?.tariff;
    let tariff: Tariff;
    try {
      const price = await provider.price?.(placement);
      tariff = price === undefined || provider.billing === 'None' ? { kind: 'Free' } : { kind: 'Priced', price, billing: provider.billing };
    } catch (error) {
      // The last price that was told is nearer to the truth than none.
      tariff = before?.kind === 'Priced' ? before : { kind: 'Unknown', why: `placement ${placement.name}: ${messageOf(error)}` };
    }
    heard.set(key, { tariff, at: clock.now() });
    return tariff;
  }

  return {
    async tariffOf(placement) {
      const provider = providers[placement.provider];
      if (provider === undefined) return { kind: 'Unknown', why: notSetUp(placement) };
      if (provider.price === undefined) return { kind: 'Free' };
      const key = JSON.stringify([placement.provider, placement.hetzner, placement.digitalocean]);
      const known = heard.get(key);
      if (known?.asking !== undefined) return known.tariff;
      const tooOld = known === undefined || clock.now() - known.at >= seconds(known.tariff.kind === 'Unknown' ? ASK_AGAIN_SECONDS : READ_ANEW_SECONDS);
      if (!tooOld) return known.tariff;
      const asking = ask(provider, placement, key);
      if (known === undefined) return asking;
      heard.set(key, { ...known, asking });
      return known.tariff;
    },
  };
}
