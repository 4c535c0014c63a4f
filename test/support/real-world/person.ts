/** A person who deploys with a script as `docs/inventory.md` says it: the inventory first, and no deploy without it. */
import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import type { KamalEnd } from '../real-hosts/kamal.ts';
import type { Service } from './service.ts';
import type { World } from './world.ts';

/** Seconds between two looks of a person's Kamal at a lock that somebody else holds; its default is 15. */
const LOCK_WAIT = ['--lock-wait', '--lock-wait-timeout=90', '--lock-wait-interval=2'];

export interface Person {
  /** Takes the controller's inventory and host keys into the project; asks again while the controller is not sure. */
  readInventory(): Promise<void>;
  /** With the inventory that was read last. */
  kamal(...args: readonly string[]): Promise<KamalEnd>;
  /** Reads the inventory and deploys, waiting for the lock. Throws where Kamal does not exit with 0. */
  deploy(version: string): Promise<void>;
}

export async function personOf(world: World, { name, project }: Service): Promise<Person> {
  const ownKeys = await readFile(project.knownHostsFile, 'utf8');
  const asked = async (query: string): Promise<string> => {
    const answer = await fetch(`${world.controller.url}/inventory/${name}${query}`);
    if (!answer.ok) throw new Error(`inventory of ${name}: ${answer.status} ${await answer.text()}`);
    return await answer.text();
  };
  const person: Person = {
    async readInventory() {
      const [hosts, keys] = await world.until('an inventory that is sure', async () => await Promise.all([asked(''), asked('?format=known-hosts')]), { deadlineMs: 60_000 });
      await writeFile(project.inventoryFile, hosts);
      await writeFile(project.knownHostsFile, `${ownKeys}${keys}`);
    },
    kamal: (...args) => project.kamal(args),
    async deploy(version) {
      await person.readInventory();
      const { status, stdout, stderr } = await person.kamal('deploy', '-P', `--version=${version}`, ...LOCK_WAIT);
      expect(status, `kamal deploy of ${version}: ${stdout}${stderr}`).to.equal(0);
    },
  };
  return person;
}
