import { classOf } from '../model/index.ts';
import type { Clock, CloudProvider } from '../ports/index.ts';
import type { Meters } from '../report/meters.ts';

/** The same provider with every call counted and timed. */
export function timedProvider(provider: CloudProvider, clock: Clock, meters: Meters): CloudProvider {
  async function timed<T>(call: string, run: () => Promise<T>): Promise<T> {
    const started = clock.now();
    const end = (result: Parameters<Meters['providerCalled']>[2]) => meters.providerCalled(provider.name, call, result, (clock.now() - started) / 1000);
    try {
      const answer = await run();
      end('ok');
      return answer;
    } catch (error) {
      end(classOf(error));
      throw error;
    }
  }
  return {
    name: provider.name,
    billing: provider.billing,
    settleSeconds: provider.settleSeconds,
    list: (installation) => timed('list', () => provider.list(installation)),
    find: (owner) => timed('find', () => provider.find(owner)),
    create: (request) => timed('create', () => provider.create(request)),
    delete: (server) => timed('delete', () => provider.delete(server)),
    ...(provider.listMaxAgeSeconds === undefined ? {} : { listMaxAgeSeconds: provider.listMaxAgeSeconds }),
    ...(provider.price === undefined ? {} : { price: (placement) => timed('price', async () => provider.price?.(placement)) }),
    ...(provider.problemOf === undefined ? {} : { problemOf: (placement) => timed('problemOf', async () => provider.problemOf?.(placement)) }),
    ...(provider.mark === undefined ? {} : { mark: (server, serving, hostKey) => timed('mark', async () => provider.mark?.(server, serving, hostKey)) }),
    ...(provider.watch === undefined ? {} : { watch: (listener) => provider.watch?.(listener) ?? { close: () => undefined } }),
  };
}
