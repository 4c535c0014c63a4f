/**
 * A machine as far as software can tell: a network card with addresses of its own, a disk, a first process, sshd and a
 * Docker engine. It is made of namespaces over this machine's programs, see machine/boot.sh.
 */
import { mkdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../../../controller/model/index.ts';
import type { RealProcess } from '../real/real-process.ts';
import { until } from '../real/until.ts';
import type { MachineParts } from './machine-parts.ts';
import { runProgram } from './run-program.ts';
import { removeControlGroups } from './run-id.ts';
import { shellWord } from './shell.ts';
import type { Site } from './site.ts';
import { ALL_SITES, macOf } from './subnet.ts';
import type { Carried } from './user-data.ts';

const MACHINE = join(import.meta.dirname, 'machine');
const DISK_MEGABYTES = 1_024;

export interface HostOrder {
  /** Among the hosts of the site; names its network card and its folder. */
  id: number;
  name: string;
  addresses: readonly string[];
  /** As ordered, which cloud-init keeps a copy of. */
  userData: string;
  carried: Carried;
  /** Seconds that cloud-init takes beyond its work, as it does where it fetches something. */
  cloudInitSeconds: number;
  /** Of everything on it, below 0 for more of the processor than others get; all machines share one here. */
  niceness: number;
  /** Folder inside the site whose copy becomes /var/lib/docker; none for an empty one. */
  dockerData?: string;
}

export class RealHost {
  readonly name: string;
  readonly #site: Site;
  readonly #order: HostOrder;
  readonly #parts: MachineParts;
  readonly #disk: string;
  #process: RealProcess | undefined;
  /** The last change of its power; the next one waits for it, for the cloud and a suite may pull the same plug. */
  #power: Promise<unknown> = Promise.resolve();

  private constructor(site: Site, parts: MachineParts, order: HostOrder) {
    this.name = order.name;
    this.#site = site;
    this.#parts = parts;
    this.#order = order;
    this.#disk = join(site.folder, `disk-${order.id}`);
  }

  /** A machine that is off, with its disk in it. */
  static async make(site: Site, parts: MachineParts, order: HostOrder): Promise<RealHost> {
    const host = new RealHost(site, parts, order);
    const disk = host.#disk;
    await mkdir(disk);
    await site.run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MEGABYTES}m,mode=755`, 'disk', disk]);
    if (order.dockerData !== undefined) await site.run('cp', ['--archive', order.dockerData, join(disk, 'docker')]);
    const seed = site.fileInside(join(disk, 'upper', 'var', 'lib', 'cloud', 'seed'));
    await mkdir(seed, { recursive: true });
    const { init, final, problems } = order.carried;
    const files = { 'user-data.txt': order.userData, 'init.sh': init, 'final.sh': final, problems: problems.map((problem) => `${problem}\n`).join(''), delay: String(order.cloudInitSeconds) };
    // User data holds the private host key.
    await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(seed, name), content, { mode: 0o600 })));
    const docker = site.fileInside(join(disk, 'upper', 'etc', 'docker'));
    await mkdir(docker, { recursive: true });
    await writeFile(join(docker, 'daemon.json'), JSON.stringify({ 'insecure-registries': [ALL_SITES], 'cgroup-parent': `/${site.name}/${order.id}` }));
    await writeFile(site.fileInside(join(disk, 'order')), host.#orderText(), { mode: 0o600 });
    return host;
  }

  get isOn(): boolean {
    return this.#process?.pid !== undefined;
  }

  /** Answers when it has power and a first process; sshd and Docker come up by and by. No effect when it is on. */
  async powerOn(): Promise<void> {
    await this.#oneByOne(() => this.#switchOn());
  }

  async #switchOn(): Promise<void> {
    if (this.isOn) return;
    const [address = ''] = this.#order.addresses;
    const [port, card] = [this.#port, this.#card];
    // The card of the last time may still be on its way out.
    await this.#site.run('ip', ['link', 'delete', port]).catch(() => undefined);
    await this.#site.ip(`link add ${port} type veth peer name ${card} address ${macOf(address)}`, `link set ${port} master bridge0 up`);
    await this.#knowNeighbours('replace');
    this.#process = await this.#site.start({
      name: this.name, command: 'nice',
      args: [`--adjustment=${this.#order.niceness}`, 'unshare', '--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child=KILL', '--', 'bash', join(MACHINE, 'boot.sh'), this.#disk, MACHINE],
      ready: async ({ pid }) => (await firstProcess(pid)) !== undefined,
    }, `host-${this.#order.id}`);
    // What made the namespaces minds no gentle word; its machine would hold up the site's end.
    this.#site.whenStopped(() => this.powerOff());
  }

  /** As when the plug is pulled: everything in it is gone at once, the disk stays. No effect when it is off. */
  async powerOff(): Promise<void> {
    await this.#oneByOne(() => this.#switchOff());
  }

  async #switchOff(): Promise<void> {
    const first = await firstProcess(this.#process?.pid);
    // A machine without power says no farewell: its connections hang, where the kernel would end those of a dead process.
    if (first !== undefined) await this.cutNetwork();
    // With the first process of a process namespace end all others; the one around it waits for that.
    if (first !== undefined) process.kill(first, 'SIGKILL');
    await this.#process?.halt();
    this.#process = undefined;
  }

  async reboot(): Promise<void> {
    await this.#oneByOne(async () => {
      await this.#switchOff();
      await this.#switchOn();
    });
  }

  /** Switches it off and takes its disk away. */
  async destroy(): Promise<void> {
    await this.#oneByOne(() => this.#takeAway());
  }

  async #takeAway(): Promise<void> {
    await this.#switchOff();
    await this.#site.run('ip', ['link', 'delete', this.#port]).catch(() => undefined);
    await this.#knowNeighbours('delete');
    // The kernel takes the mounts of a dead machine apart by and by.
    await until('the end of the disk', async () => await this.#site.run('umount', [this.#disk]).then(() => true));
    await rmdir(this.#disk);
    await removeControlGroups(join(this.#site.name, String(this.#order.id)));
  }

  /** Runs a program on it as root, as from its console: no network is needed. `input` is what it reads. Throws with its output where it fails. */
  async run(command: string, args: readonly string[], input?: string): Promise<string> {
    const first = await firstProcess(this.#process?.pid);
    if (first === undefined) throw new Error(`${this.name} is off: ${command} runs nowhere`);
    return await runProgram('nsenter', [`--target=${first}`, '--mount', '--pid', '--net', '--uts', '--ipc', '--wdns=/root', '--', command, ...args], input);
  }

  /** When cloud-init ended, by this machine's clock. Throws where it has not. */
  async cloudInitDone(): Promise<Instant> {
    return (await stat(this.#site.fileInside(join(this.#disk, 'upper', 'var', 'lib', 'cloud', 'instance', 'boot-finished')))).mtimeMs;
  }

  /** Takes the network away: what is sent to it is lost without a word. */
  async cutNetwork(): Promise<void> {
    await this.#site.ip(`link set ${this.#port} down`);
  }

  async mendNetwork(): Promise<void> {
    await this.#site.ip(`link set ${this.#port} up`);
  }

  /** Ends the engine and, with it, all containers. */
  async stopDocker(): Promise<void> {
    await this.run('systemctl', ['stop', 'docker']);
  }

  async startDocker(): Promise<void> {
    await this.run('systemctl', ['start', 'docker']);
  }

  /** From now on nothing more can be written. */
  async fillDisk(): Promise<void> {
    // What is written between the look and the change makes the kernel refuse.
    await until('a full disk', async () => {
      const used = (await this.#site.run('df', ['--output=used', '-k', this.#disk])).trim().split('\n').at(-1)!.trim();
      await this.#site.run('mount', ['-o', `remount,size=${used}k`, this.#disk]);
      return true;
    });
  }

  async emptyDisk(): Promise<void> {
    await this.#site.run('mount', ['-o', `remount,size=${DISK_MEGABYTES}m`, this.#disk]);
  }

  /** Copies /var/lib/docker, as it is, to a folder inside the site; Docker must not run. */
  async copyDockerData(folder: string): Promise<void> {
    await this.#site.run('cp', ['--archive', join(this.#disk, 'docker'), folder]);
  }

  /** Last lines of the logs that matter when something does not come up. */
  async tail(): Promise<string> {
    const logs = ['dockerd.log', 'cloud-init.log', 'cloud-init-output.log', 'sshd.log'].map(async (name) => {
      const text = await readFile(this.#site.fileInside(join(this.#disk, 'upper', 'var', 'log', name)), 'utf8').catch(() => '');
      return `--- ${this.name} ${name}\n${text.trimEnd().split('\n').slice(-8).join('\n')}`;
    });
    return [`--- ${this.name} console\n${await this.#process?.tail() ?? 'off'}`, ...await Promise.all(logs)].join('\n');
  }

  async #oneByOne(change: () => Promise<void>): Promise<void> {
    const done = this.#power.then(change);
    this.#power = done.catch(() => undefined);
    await done;
  }

  get #port(): string {
    return `port${this.#order.id}`;
  }

  get #card(): string {
    return `card${this.#order.id}`;
  }

  /** This machine need not ask for the host's card, so that a host without network loses packets and refuses none. */
  async #knowNeighbours(verb: 'replace' | 'delete'): Promise<void> {
    const { interface: device } = this.#site.subnet;
    const mac = macOf(this.#order.addresses[0] ?? '');
    await Promise.all(this.#order.addresses.map((address) => runProgram('ip', ['neighbour', verb, address, 'lladdr', mac, 'dev', device, ...(verb === 'replace' ? ['nud', 'permanent'] : [])])));
  }

  #orderText(): string {
    const { addresses, name } = this.#order;
    const programs = Object.entries(this.#parts.programs).map(([program, path]) => `${program}=${path}`);
    const words = { NAME: name, ADDRESSES: addresses.join(' '), LINK: this.#card, SITE: String(this.#site.holder), PARTS: this.#parts.tree ?? '', PROGRAMS: programs.join(' ') };
    return Object.entries(words).map(([key, value]) => `${key}=${shellWord(value)}\n`).join('');
  }
}

/** The first process inside: the only child of the one that made the namespaces. */
async function firstProcess(outer: number | undefined): Promise<number | undefined> {
  if (outer === undefined) return undefined;
  const children = await readFile(`/proc/${outer}/task/${outer}/children`, 'utf8').catch(() => '');
  return children.trim() === '' ? undefined : Number(children.trim().split(' ')[0]);
}
