import { ClassifiedError, type Price } from '../../../model/index.ts';
import type { Clock, Placement } from '../../../ports/index.ts';
import type { CloudAPI } from '../rest/http.ts';
import { createPriceList } from '../rest/price-list.ts';
import { amountOf, listOf, recordIn, textOf } from '../rest/wire.ts';

type PriceList = Record<string, unknown>;

/** Prices as the API tells them, net of tax: those of the server type and, where it gets one, of a public IPv4 address. */
export function createPricing(http: CloudAPI, clock: Clock): (placement: Placement) => Promise<Price> {
  const list = createPriceList(async () => recordIn(await http.get('/pricing'), 'pricing'), clock);
  return async (placement) => priceIn(await list(), placement);
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
  return prices === undefined ? undefined : { hour: amountOf(recordIn(prices, 'price_hourly'), 'net'), month: amountOf(recordIn(prices, 'price_monthly'), 'net') };
}
