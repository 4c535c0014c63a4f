import type { Command } from 'commander';
import { type Inventory, type InventoryAnswer, type InventoryView, inventoryFor, inventoryOfServers } from '../model/index.ts';
import { INVENTORY_FORMATS, type InventoryFormat, inventoryText, isInventoryFormat } from '../report/inventory-text.ts';
import type { Composition, Io } from './composition.ts';
import { CommandFailure, EXIT, asUsage } from './failure.ts';
import { type LocationFlags, withLocationFlags, withStore } from './location.ts';

interface InventoryFlags extends LocationFlags {
  service?: string;
  destination?: string;
  format: string;
  offline?: boolean;
  installation?: string;
  allowEmpty?: string;
}

const KEYS = 'authorized-keys';

export function addInventory(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('inventory')
    .description('Print the bought hosts that serve, for deploys.')
    .option('--service <name>', '`service` of deploy.yml')
    .option('--destination <name>', 'destination of Kamal, where there is one')
    .option('--format <form>', [...INVENTORY_FORMATS, KEYS].join(', '), 'json')
    .option('--offline', 'ask the clouds, by the labels of servers')
    .option('--installation <name>', 'whose servers, with --offline')
    .option('--allow-empty <roles>', 'with --offline: roles that may have no host'))
    .addHelpText('after', `
Prints nothing and fails where it is not sure: a deploy that misses a host would
leave it on the old version.

Examples:
  kamal-autoscaler inventory --service shop
  kamal-autoscaler inventory --service shop --format known-hosts
  HCLOUD_TOKEN=… kamal-autoscaler inventory --service shop --offline --installation home`)
    .action(async (flags: InventoryFlags) => {
      if (flags.offline !== true) refuseOfflineFlags(flags);
      if (flags.format === KEYS) io.stdout(linesOf(await authorizedKeys(flags, composition, io)));
      else {
        const format = readFormat(flags.format);
        const view = sure(await (flags.offline === true ? offlineAnswer(flags, composition, io) : storedAnswer(flags, composition, io)), flags);
        for (const { name } of hostsWithoutKey(view, format)) io.stderr(`remark: no host key of ${name} is known\n`);
        io.stdout(inventoryText(view, format));
      }
      finish(EXIT.done);
    });
}

async function storedAnswer(flags: InventoryFlags, composition: Composition, io: Io): Promise<InventoryAnswer> {
  const service = needService(flags);
  return withStore(composition, io, flags, async (open) => inventoryFor(written(await open.inventory()), service, flags.destination));
}

async function offlineAnswer(flags: InventoryFlags, { offline }: Composition, io: Io): Promise<InventoryAnswer> {
  const service = needService(flags);
  const installation = flags.installation ?? io.env['KAMAL_AUTOSCALER_INSTALLATION'];
  if (installation === undefined || installation === '') throw new CommandFailure(EXIT.usage, 'no installation is named', 'write --installation NAME, as `run` was given');
  const servers = await asUsage(offline.servers(installation, io));
  const allowEmpty = (flags.allowEmpty ?? '').split(',').filter((role) => role !== '');
  const { answer, leftOut } = inventoryOfServers(servers, { installation, service, destination: flags.destination, allowEmpty, now: io.now() });
  if (answer.kind === 'Known') for (const { name } of leftOut) io.stderr(`remark: ${name} is not labelled as serving, and left out\n`);
  return answer;
}

async function authorizedKeys(flags: InventoryFlags, composition: Composition, io: Io): Promise<string[]> {
  if (flags.offline === true) return asUsage(composition.offline.authorizedKeys(io));
  const { authorizedKeys: keys } = await withStore(composition, io, flags, async (open) => written(await open.inventory()));
  if (keys.length === 0) throw new CommandFailure(EXIT.notFound, 'the controller has no SSH key', 'set KAMAL_AUTOSCALER_SSH_KEY_FILE for `run`');
  return keys;
}

function sure(answer: InventoryAnswer, { offline }: InventoryFlags): InventoryView {
  switch (answer.kind) {
    case 'Known': return answer.view;
    case 'NoSuchService': throw new CommandFailure(EXIT.notFound, answer.why, 'write service and destination as the pool has them under kamal');
    case 'Unsure': throw new CommandFailure(EXIT.failed, answer.why, offline === true
      ? 'look at the servers at their provider; a role that may well be without bought hosts is named so: --allow-empty web'
      : 'ask again in a minute; `kamal-autoscaler get kh` shows the hosts');
  }
}

function written(inventory: Inventory | undefined): Inventory {
  if (inventory === undefined) throw new CommandFailure(EXIT.failed, 'no controller has looked at hosts with this store yet', 'start `kamal-autoscaler run`, or ask the clouds with --offline');
  return inventory;
}

function needService({ service }: InventoryFlags): string {
  if (service === undefined || service === '') throw new CommandFailure(EXIT.usage, 'no service is named', 'write --service NAME, as in deploy.yml');
  return service;
}

function refuseOfflineFlags({ installation, allowEmpty }: InventoryFlags): void {
  const flag = installation !== undefined ? '--installation' : allowEmpty !== undefined ? '--allow-empty' : undefined;
  if (flag !== undefined) throw new CommandFailure(EXIT.usage, `${flag} goes with --offline`, 'write --offline too, or leave it out');
}

function readFormat(text: string): InventoryFormat {
  if (isInventoryFormat(text)) return text;
  throw new CommandFailure(EXIT.usage, `--format ${JSON.stringify(text)} is no form of output`, `write ${[...INVENTORY_FORMATS, KEYS].join(', ')}`);
}

/** They are deployed to all the same, and whoever is strict about host keys must know why that fails. */
const hostsWithoutKey = ({ pools }: InventoryView, format: InventoryFormat): { name: string }[] =>
  (format === 'known-hosts' ? pools.flatMap(({ hosts }) => hosts.filter(({ hostKey }) => hostKey === undefined)) : []);

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
