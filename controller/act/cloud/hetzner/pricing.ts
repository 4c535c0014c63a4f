import { ClassifiedError, type Instant, type Price, seconds } from '../../../model/index.ts';
import type { Clock, Placement } from '../../../ports/index.ts';
import type { HetznerHTTP } from './http.ts';
import { decimalOf, listOf, recordIn, textOf } from './wire.ts';

type PriceList = Record<string, unknown>;

const READ_ANEW_SECONDS = 3600;
/** While the API is away yesterday's price list is better than none: prices change with notice. */
const GOOD_FOR_SECONDS = 24 * 3600;

/** Prices as the API tells them, net of tax: those of the server type and, where it gets one, of a public IPv4 address. */
export function createPricing(http: HetznerHTTP, clock: Clock): (placement: Placement) => Promise<Price> {
  let known: { at: Instant; list: PriceList } | undefined;
  let underWay: Promise<PriceList> | undefined;

  async function ask(): Promise<PriceList> {
    try {
      const list = recordIn(await http.get('/pricing'), 'pricing');
      known = { at: clock.now(), list };
      return list;
    } catch (error) {
      if (known !== undefined && clock.now() - known.at < seconds(GOOD_FOR_SECONDS)) return known.list;
      throw error;
    } finally {
      underWay = undefined;
    }
  }

  return async (placement) => {
    const fresh = known !== undefined && clock.now() - known.at < seconds(READ_ANEW_SECONDS);
    return priceIn(known !== undefined && fresh ? known.list : await (underWay ??= ask()), placement);
  };
}

/** Pure. Throws Invalid where the list has no such price. */
export function priceIn(list: PriceList, { name, hetzner }: Placement): Price {
  if (hetzner === undefined) throw new ClassifiedError('Invalid', `placement ${name} has no hetzner part, so nobody knows its price`);
  const { serverType, location, publicNetwork } = hetzner;
  const type = listOf(list, 'server_types').find((candidate) => candidate['name'] === serverType);
  const server = type === undefined ? undefined : pricesAt(type, location);
  if (server === undefined) throw new ClassifiedError('Invalid', `Hetzner has no price for ${serverType} in ${location}`, { mend: 'write a hetzner.serverType and hetzner.location that go together; `hcloud server-type describe` shows them' });
  const withIPv4 = publicNetwork === 'Both' || publicNetwork === 'IPv4';
  const address = withIPv4 ? listOf(list, 'primary_ips').filter((candidate) => candidate['type'] === 'ipv4').map((candidate) => pricesAt(candidate, location))[0] : { hour: 0, month: 0 };
  if (address === undefined) throw new ClassifiedError('Invalid', `Hetzner has no price for a public IPv4 address in ${location}`);
  return { currency: textOf(list, 'currency'), hour: server.hour + address.hour, monthCap: server.month + address.month };
}

function pricesAt(record: Record<string, unknown>, location: string): { hour: number; month: number } | undefined {
  const prices = listOf(record, 'prices').find((candidate) => candidate['location'] === location);
  return prices === undefined ? undefined : { hour: decimalOf(recordIn(prices, 'price_hourly'), 'net'), month: decimalOf(recordIn(prices, 'price_monthly'), 'net') };
}
