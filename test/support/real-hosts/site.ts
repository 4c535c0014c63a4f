/**
 * Where real hosts stand: a network and mounts of their own, held by one process. All that hosts are made of lives in
 * namespaces, which the kernel takes away with the last process in them, however the test process ends.
 */
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RealProcess } from '../real/real-process.ts';
import type { RealProgram } from '../real/real-process.ts';
import { SYSTEM_PATH, runProgram } from './run-program.ts';
import { RUN_ID, removeControlGroups, sweepDeadRuns } from './run-id.ts';
import { type Subnet, claimSubnet, macOf } from './subnet.ts';

/** As `RealProgram`; the process that is looked at is an argument. */
export type SiteProgram = Omit<RealProgram, 'ready'> & { ready: (process: RealProcess) => Promise<boolean> };

/** A site's programs, and the network that joins them. */
export interface Site extends AsyncDisposable {
  /** Names the site's control groups, which end with it. */
  name: string;
  subnet: Subnet;
  /** On this machine; removed at the end. */
  folder: string;
  /** The process whose network and mounts are the site's. */
  holder: number;
  /** How this process reaches a file that has this path inside. */
  fileInside(path: string): string;
  /** Runs a program inside to its end and answers what it printed; `input` is what it reads. Throws with its output where it fails. */
  run(command: string, args: readonly string[], input?: string): Promise<string>;
  /** Commands of `ip`, one a line, inside. */
  ip(...lines: readonly string[]): Promise<void>;
  /** As `RealProcess.start`, inside. `folder` is its name under the site's folder. */
  start(program: SiteProgram, folder: string): Promise<RealProcess>;
  /** Is done when the site stops, before what was started earlier ends. */
  whenStopped(end: () => Promise<void>): void;
  /** Ends everything that stands here, and the network. */
  stop(): Promise<void>;
}

/** Makes an empty one, after whatever dead runs have left was removed. */
export async function startSite(): Promise<Site> {
  await sweepDeadRuns();
  await using making = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), `${RUN_ID}-`));
  const name = basename(folder);
  making.defer(() => removeControlGroups(name));
  const process = making.use(await hold(folder));
  const holder = process.pid!;

  const inside = (command: string, args: readonly string[]): [string, string[]] =>
    ['nsenter', [`--net=/proc/${holder}/ns/net`, `--mount=/proc/${holder}/ns/mnt`, '--', command, ...args]];
  const runInside: Site['run'] = (command, args, input) => runProgram(...inside(command, args), input);
  const ip: Site['ip'] = async (...lines) => {
    await runInside('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
  };

  const subnet = await claimSubnet(holder);
  // By name and not only with the namespace, which the kernel takes apart later.
  making.defer(async () => { await runProgram('ip', ['link', 'delete', subnet.interface]); });
  await runProgram('ip', ['address', 'add', `${subnet.machine}/24`, 'dev', subnet.interface]);
  await runProgram('ip', ['link', 'set', subnet.interface, 'up', 'alias', name]);
  // Without an address of its own a bridge has that of one of its ports, and another one when that port goes: everybody who knows it would be lost.
  await ip('link set lo up', `link add bridge0 address ${macOf(subnet.site)} type bridge`, 'link set up0 master bridge0 up', `address add ${subnet.site}/24 dev bridge0`, 'link set bridge0 up');

  const standing = new AsyncDisposableStack();
  making.use(standing);
  const ending = making.move();
  const stop = (): Promise<void> => ending.disposeAsync();
  return {
    name, subnet, folder, holder, run: runInside, ip, stop,
    whenStopped: (end) => { standing.defer(end); },
    fileInside: (path) => `/proc/${holder}/root${path}`,
    async start(program, folderName) {
      const [command, args] = inside(program.command, program.args);
      const own = join(folder, folderName);
      await mkdir(own, { recursive: true });
      const process: RealProcess = new RealProcess({ ...program, command, args, env: { PATH: SYSTEM_PATH, ...program.env }, ready: () => program.ready(process) }, own);
      standing.use(process);
      await process.start();
      return process;
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** A process that only keeps a network and mounts of its own. */
async function hold(folder: string): Promise<RealProcess> {
  const process: RealProcess = new RealProcess({
    name: 'site', command: 'unshare', args: ['--net', '--mount', '--', 'sleep', 'infinity'], env: { PATH: SYSTEM_PATH },
    // It is called so only when the namespaces are made.
    ready: async () => (await readFile(`/proc/${process.pid}/cmdline`, 'utf8')).startsWith('sleep\0'),
  }, folder);
  await process.start();
  return process;
}

