import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { messageOf } from '../model/index.ts';

/** One service of the document, durations in milliseconds. */
export interface GroupConfig {
  urls: string[];
  strategy: 'wrr' | 'p2c' | 'hrw' | 'leasttime';
  healthCheck: { path: string; hostname: string | undefined; intervalMilliseconds: number; timeoutMilliseconds: number };
}

export type ReadDocument = { kind: 'Services'; services: Map<string, GroupConfig> } | { kind: 'Refused'; why: string };

interface DocumentShape {
  http: {
    services: Record<string, {
      loadBalancer: {
        servers: { url: string }[];
        strategy: GroupConfig['strategy'];
        healthCheck: { path: string; hostname?: string; interval: string; timeout: string };
      };
    }>;
  };
}

const duration = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m)$' };
const closed = (required: string[], properties: object) => ({ type: 'object', additionalProperties: false, required, properties });

/** As strict as Traefik: a field it does not know refuses the whole document. */
const schema = closed(['http'], {
  http: closed(['services'], {
    services: {
      type: 'object',
      minProperties: 1,
      additionalProperties: closed(['loadBalancer'], {
        loadBalancer: closed(['servers', 'strategy', 'healthCheck'], {
          servers: { type: 'array', items: closed(['url'], { url: { type: 'string', pattern: '^http://[^\\s/]+$' } }) },
          strategy: { enum: ['wrr', 'p2c', 'hrw', 'leasttime'] },
          healthCheck: closed(['path', 'interval', 'timeout'], {
            path: { type: 'string', pattern: '^/' }, hostname: { type: 'string' }, interval: duration, timeout: duration,
          }),
          passHostHeader: { const: true },
          serversTransport: { type: 'string' },
        }),
      }),
    },
    // Time limits of connections matter where packets are lost, which loopback does not do.
    serversTransports: { type: 'object', additionalProperties: { type: 'object' } },
  }),
});

const ajv = new Ajv();
const isDocument: ValidateFunction<DocumentShape> = ajv.compile<DocumentShape>(schema);

/** Reads what the controller serves to Traefik. */
export function readDocument(text: string): ReadDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'Refused', why: messageOf(error) };
  }
  if (!isDocument(value)) return { kind: 'Refused', why: ajv.errorsText(isDocument.errors, { dataVar: 'document' }) };
  const services = Object.entries(value.http.services).map(([name, { loadBalancer }]): [string, GroupConfig] => [name, {
    urls: loadBalancer.servers.map(({ url }) => url),
    strategy: loadBalancer.strategy,
    healthCheck: {
      path: loadBalancer.healthCheck.path,
      hostname: loadBalancer.healthCheck.hostname,
      intervalMilliseconds: inMilliseconds(loadBalancer.healthCheck.interval),
      timeoutMilliseconds: inMilliseconds(loadBalancer.healthCheck.timeout),
    },
  }]);
  return { kind: 'Services', services: new Map(services) };
}

function inMilliseconds(text: string): number {
  const factor = text.endsWith('ms') ? 1 : text.endsWith('s') ? 1_000 : 60_000;
  return Number.parseFloat(text) * factor;
}
