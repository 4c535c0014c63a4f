/** A host that exists in this process: its files, its Docker, and what a test makes of it. */
import type { Ending } from './shell/evaluate.ts';
import { ended, runShell } from './shell/evaluate.ts';
import { MemoryFiles } from './shell/files.ts';
import { usualPrograms } from './shell/programs.ts';
import { docker } from './docker/docker.ts';
import type { Registry } from './docker/registry.ts';
import { type DockerState, freshDocker } from './docker/state.ts';

/** What a command answers instead of what it would; undefined leaves it as it is. */
export type Override = (argv: readonly string[]) => Ending | Promise<Ending | undefined> | undefined;

export interface FakeHost {
  address: string;
  files: MemoryFiles;
  docker: DockerState;
  /** Without an engine there is no `docker` at all. */
  hasDocker: boolean;
  /** Each call of docker, words joined by spaces, in order. */
  dockerCalls: string[];
  /** Each command line that came over SSH, in order. */
  commands: string[];
  /** Asked before docker itself, the latest first. */
  overrides: Override[];
  /** Called with each command line before it is carried out. */
  beforeCommand: (command: string) => Promise<void> | void;
  run(command: string, stdin?: string): Promise<Ending>;
}

export function makeHost(address: string, registry: Registry): FakeHost {
  const files = new MemoryFiles();
  const programs = usualPrograms(files);
  const host: FakeHost = {
    address,
    files,
    docker: freshDocker(),
    hasDocker: true,
    dockerCalls: [],
    commands: [],
    overrides: [],
    beforeCommand: () => undefined,
    run: async (command, stdin = '') => {
      host.commands.push(command);
      await host.beforeCommand(command);
      return runShell(command, { files, variables: new Map([['HOME', '/root'], ['PWD', '/root'], ['USER', 'root']]), programs: (name) => (name === 'docker' ? dockerProgram() : programs[name]) }, stdin);
    },
  };
  const dockerProgram = () => (host.hasDocker ? async ({ argv }: { argv: readonly string[] }): Promise<Ending> => {
    host.dockerCalls.push(argv.join(' '));
    for (const override of host.overrides) {
      const answer = await override(argv.slice(1));
      if (answer !== undefined) return answer;
    }
    return docker(host.docker, registry, address, argv.slice(1));
  } : undefined);
  return host;
}

/** An override of the calls whose words fit. */
export const answering = (pattern: RegExp, ending: Partial<Ending>): Override => (argv) => (pattern.test(argv.join(' ')) ? ended(ending.status ?? 0, ending.stdout, ending.stderr) : undefined);
