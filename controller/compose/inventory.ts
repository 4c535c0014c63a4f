import { carriesToken, documentResponse, refusalResponse, type ConfigResponse } from '../act/traffic/config-endpoint.ts';
import { type Inventory, inventoryFor, messageOf, seconds } from '../model/index.ts';
import type { Clock, Leadership } from '../ports/index.ts';
import { INVENTORY_FORMATS, inventoryText, isInventoryFormat } from '../report/inventory-text.ts';
import { publishFiles } from '../runtime/inventory-files.ts';
import type { Log } from '../runtime/log.ts';
import type { Settings } from '../runtime/settings.ts';
import type { OpenSSH } from './ssh.ts';

/** An inventory that was last held against the hosts longer ago is given to nobody: passes fail, and it may be wrong. */
const OLDEST_SECONDS = 120;

export interface InventoryRequest {
  service: string;
  destination: string | undefined;
  format: string | undefined;
  authorization: string | undefined;
}

/** Gives people's deploys the inventory: as files, and over HTTP. */
export interface InventoryPublication {
  publish(inventory: Inventory): Promise<void>;
  /** 200 with what is known, else a refusal with the reason: a deploy must stop rather than miss a host. */
  respond(request: InventoryRequest): ConfigResponse;
}

export interface InventoryPublicationOptions {
  clock: Clock;
  leadership: Leadership;
  log: Log;
  /** Where files go; absent where nobody could read them. */
  folder?: string;
  /** As for Traefik: requests must carry it where there is one. */
  token?: string;
}

export const inventoryToken = ({ traefikToken }: Pick<Settings, 'traefikToken'>): Pick<InventoryPublicationOptions, 'token'> => (traefikToken === undefined ? {} : { token: traefikToken });

/** Lines of authorized_keys with which the controller logs in; none where it has no key. */
export const authorizedKeysOf = (ssh: Pick<OpenSSH, 'clientKey'> | undefined): string[] => (ssh === undefined ? [] : [`${ssh.clientKey.publicKey} kamal-autoscaler`]);

export function createInventoryPublication({ clock, leadership, log, folder, token }: InventoryPublicationOptions): InventoryPublication {
  let current: { inventory: Inventory; asOf: number } | undefined;

  function respond({ service, destination, format = 'json', authorization }: InventoryRequest): ConfigResponse {
    if (token !== undefined && !carriesToken({ method: 'GET', headers: { authorization } }, token)) return refusalResponse(401, 'send the token of this installation');
    if (!isInventoryFormat(format)) return plain(400, `format ${JSON.stringify(format)}: write ${INVENTORY_FORMATS.join(', ')}`);
    if (!leadership.isLeader()) return refusalResponse(503, 'another instance leads: ask that one');
    if (current === undefined) return refusalResponse(503, 'the hosts were not looked at yet: ask again in a few seconds');
    const age = Math.round((clock.now() - current.asOf) / seconds(1));
    if (age > OLDEST_SECONDS) return refusalResponse(503, `the hosts were last looked at ${age} s ago: see the log of the controller`);
    const answer = inventoryFor({ ...current.inventory, checkedAt: current.asOf }, service, destination);
    switch (answer.kind) {
      case 'Known': {
        const response = documentResponse(inventoryText(answer.view, format));
        return format === 'known-hosts' ? { ...response, headers: { ...response.headers, 'content-type': 'text/plain; charset=utf-8' } } : response;
      }
      case 'NoSuchService': return plain(404, answer.why);
      case 'Unsure': return refusalResponse(503, answer.why);
    }
  }

  return {
    respond,
    async publish(inventory) {
      current = { inventory, asOf: clock.now() };
      if (folder === undefined) return;
      try {
        await publishFiles(folder, filesOf({ ...inventory, checkedAt: clock.now() }));
      } catch (error) {
        log.log('error', 'the inventory could not be written; deploys that read its files may miss a host', { folder, error: messageOf(error) });
      }
    },
  };
}

const plain = (status: number, why: string): ConfigResponse => ({ status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, body: `${why}\n` });

/** Neither part of a name may hold a dot, so no two services share a list; for a destination called `details` its list goes before the service's details. */
function filesOf(inventory: Inventory): Map<string, string> {
  const files = new Map<string, string>();
  for (const { service, destination } of inventory.pools) {
    const name = destination === undefined ? service : `${service}.${destination}`;
    const answer = inventoryFor(inventory, service, destination);
    if (answer.kind !== 'Known') continue;
    files.set(`${name}.json`, inventoryText(answer.view, 'json'));
    if (destination !== undefined || !inventory.pools.some((pool) => pool.service === service && pool.destination === 'details')) files.set(`${name}.details.json`, inventoryText(answer.view, 'details'));
    files.set(`${name}.known_hosts`, inventoryText(answer.view, 'known-hosts'));
  }
  if (inventory.authorizedKeys.length > 0) files.set('authorized_keys', inventory.authorizedKeys.map((line) => `${line}\n`).join(''));
  return files;
}
