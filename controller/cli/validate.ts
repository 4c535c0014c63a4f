import type { Command } from 'commander';
import type { Composition, FileProblem, Io } from './composition.ts';
import { EXIT } from './failure.ts';
import { counted, plainText } from './text.ts';

export function addValidate(program: Command, composition: Composition, io: Io, finish: (code: number) => void): void {
  program.command('validate')
    .description('Judge YAML files as the store would, without one; change nothing.')
    .argument('<path...>', 'files, or folders of *.yaml and *.yml')
    .addHelpText('after', `
Prints one line a problem, as file:line:column: message. A warning is no
error. The exit code is 0 when there is no error and 1 otherwise.

Examples:
  kamal-autoscaler validate config/
  kamal-autoscaler validate web.yaml policy.yaml`)
    .action(async (paths: string[]) => {
      const { objects, problems } = await composition.readFiles(paths);
      for (const problem of problems) io.stdout(`${lineOf(problem)}\n`);
      const errors = problems.filter(({ severity }) => severity !== 'Warning').length;
      if (errors === 0) io.stdout(`${counted(objects.length, 'document')}, no error\n`);
      finish(errors === 0 ? EXIT.done : EXIT.failed);
    });
}

const lineOf = ({ file, line, column, severity, message }: FileProblem): string =>
  `${[file, line, column].filter((part) => part !== undefined).join(':')}: ${severity === 'Warning' ? 'warning: ' : ''}${plainText(message)}`;
