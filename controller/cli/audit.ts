import type { Command } from 'commander';
import { type Audit, type AuditLock, printableJSON } from '../model/index.ts';
import type { Composition, Io } from './composition.ts';
import { CommandFailure, EXIT, asUsage } from './failure.ts';
import { type LocationFlags, locationOf, withLocationFlags } from './location.ts';
import { ageOf, bullet, widthWithin } from './sections.ts';
import { tableLines } from './table.ts';
import { counted, plainText } from './text.ts';

interface AuditFlags extends LocationFlags {
  namespace?: string;
  output?: string;
}

export function addAudit(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  withLocationFlags(program.command('audit')
    .description('Compare clouds, store, load balancers, inventory, hosts and deploy locks; changes nothing.')
    .option('-o, --output <form>', 'json: for programs')
    .option('-n, --namespace <ns>', 'pools and hosts of one namespace'))
    .addHelpText('after', `
Each difference is a row with the command that mends it. What cannot be asked is
named, and is no difference. Tokens and the SSH key come from the environment, as
for run; the controller may be down.

Exit codes: 0 all agree, 5 there are differences, 6 none, but not all was asked.

Examples:
  kamal-autoscaler audit
  kamal-autoscaler audit -o json`)
    .action(async (flags: AuditFlags) => {
      if (flags.output !== undefined && flags.output !== 'json') throw new CommandFailure(EXIT.usage, `-o ${flags.output} is no form of output`, 'write -o json, or leave it out');
      const audit = await asUsage(composition.audit(locationOf(flags), flags.namespace, io));
      io.stdout(flags.output === 'json' ? `${printableJSON(audit, 2)}\n` : text(audit, io));
      finish(audit.differences.length > 0 ? EXIT.differs : audit.unasked.length > 0 ? EXIT.unasked : EXIT.done);
    });
}

function text({ differences, unasked, locks, compared }: Audit, io: Io): string {
  const rows = differences.map(({ place, subject, says, mend }) => [place, subject, says, mend].map(plainText));
  // A command that is cut mends nothing, so nothing is.
  const table = rows.length === 0 ? [] : tableLines(['PLACE', 'WHAT', 'DIFFERENCE', 'MEND'].map((title) => ({ title, align: 'Left' })), rows, undefined);
  const list = (title: string, items: readonly string[]): string[] => (items.length === 0 ? [] : [`${title}:`, ...items.flatMap((item) => bullet(item, widthWithin(io.columns)).map((line) => `  ${line}`)), '']);
  const sum = `${counted(compared.pools, 'pool')}, ${counted(compared.hosts, 'host')} and ${counted(compared.servers, 'server')} compared: ${differences.length === 0 ? 'no difference' : counted(differences.length, 'difference')}`;
  return [
    ...table, ...(table.length === 0 ? [] : ['']),
    ...list('Deploy locks that are held', locks.map((lock) => lockText(lock, io))),
    ...list('Not asked', unasked.map(({ place, subject, why }) => `${place} ${subject}: ${why}`)), sum,
  ].map((line) => `${line}\n`).join('');
}

function lockText({ service, destination, by, message, since, session }: AuditLock, io: Io): string {
  const age = ageOf(since, io.now());
  return `${service}${destination === undefined ? '' : ` -d ${destination}`}: by ${by}${age === undefined ? '' : ` for ${age}`}, ${session === undefined ? message : `for DeploySession ${session}`}`;
}
