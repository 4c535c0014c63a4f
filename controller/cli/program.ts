import { Command, CommanderError } from 'commander';
import type { Composition, Io } from './composition.ts';
import { addAudit } from './audit.ts';
import { addDescribe } from './describe.ts';
import { addEvaluate } from './evaluate.ts';
import { CommandFailure, EXIT, report } from './failure.ts';
import { addEvidence } from './evidence.ts';
import { addGet } from './get.ts';
import { addInventory } from './inventory.ts';
import { addKeep } from './keep.ts';
import { addPauseAndResume } from './pause.ts';
import { addRoll } from './roll.ts';
import { addDemo, addRun } from './run.ts';
import { addScale } from './scale.ts';
import { addSimulate } from './simulate.ts';
import { addValidate } from './validate.ts';

const AFTER_HELP = `
Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  not found
  4  refused, or in conflict with another writer
  5  audit found differences
  6  audit found none, but could not ask all

Set KAMAL_AUTOSCALER_DEBUG=1 to see where an error comes from.`;

/** Runs one command line (without program name) and resolves with the exit code of the process. Never rejects. */
export async function runProgram(args: readonly string[], composition: Composition, io: Io): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = describeProgram(composition, io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, io);
    return error.exitCode === 0 ? EXIT.done : report(asFailure(error), io);
  }
}

function describeProgram(composition: Composition, io: Io, finish: (code: number) => void): Command {
  const program = new Command('kamal-autoscaler')
    .description('Scales the hosts that Kamal deploys to.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout(text),
      writeErr: (text) => io.stderr(text),
      // Errors are printed once, in the form of all others.
      outputError: () => undefined,
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .version(composition.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .addHelpText('after', AFTER_HELP);
  addRun(program, composition, io, finish);
  addDemo(program, composition, io, finish);
  addGet(program, composition, io, finish);
  addDescribe(program, composition, io, finish);
  addValidate(program, composition, io, finish);
  addInventory(program, composition, io, finish);
  addEvaluate(program, composition, io, finish);
  addScale(program, composition, io, finish);
  addSimulate(program, composition, io, finish);
  addPauseAndResume(program, composition, io, finish);
  addKeep(program, composition, io, finish);
  addEvidence(program, composition, io, finish);
  addAudit(program, composition, io, finish);
  addRoll(program, composition, io, finish);
  program.command('version').description('Show the version.')
    .addHelpText('after', '\nExample:\n  kamal-autoscaler version')
    .action(() => io.stdout(`${composition.version}\n`));
  return program;
}

/** commander's own words, such as "error: unknown option '--fro'\n(Did you mean --for?)". */
function asFailure(error: CommanderError): CommandFailure {
  if (error.code === 'commander.help') return new CommandFailure(EXIT.usage, 'no command is given', 'write one of the commands above');
  const [message = '', hint] = error.message.split('\n');
  const mend = hint === undefined ? 'see `kamal-autoscaler COMMAND --help`' : hint.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?');
  return new CommandFailure(EXIT.usage, message.replace(/^error: /, ''), mend);
}
