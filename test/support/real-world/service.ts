/** One Kamal service as people have it before the controller comes: own hosts on which its first version runs, and a project. */
import { expect } from 'chai';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ask } from '../real-hosts/ask.ts';
import type { Kamal } from '../real-hosts/kamal.ts';
import { type Estate, type OwnHost, pushVersions } from '../real-hosts/people.ts';
import { type Project, writeProject } from '../real-hosts/project.ts';

export const FIRST_VERSION = 'v1';

export interface ServiceOptions {
  service: string;
  /** Names of the own hosts of role `web`; the first one is the primary. */
  ownHosts: readonly string[];
  /** Names of the own hosts of role `job`, which serves no requests; absent where there is no such role. */
  jobHosts?: readonly string[];
  /** Pushed beforehand; the first one is deployed. */
  versions?: readonly string[];
  /** Seconds that a new container has to become healthy. */
  deployTimeout?: number;
  /** Megabytes that each version's image has beyond the program. */
  weightMegabytes?: number;
}

export interface Service {
  name: string;
  image: string;
  hostname: string;
  ownHosts: OwnHost[];
  jobHosts: OwnHost[];
  /** The person's, in which they run Kamal. */
  project: Project;
  /** The version that a host serves, as its visitors see it; undefined where none answers so. */
  versionAt(address: string): Promise<string | undefined>;
}

/** `folder` takes the person's project, `projects` the copy that the controller reads. */
export async function startService(estate: Estate, kamal: Kamal, folders: { people: string; projects: string }, options: ServiceOptions): Promise<Service> {
  const { service, versions = [FIRST_VERSION], jobHosts: jobNames = [] } = options;
  const [image, hostname] = [`acme/${service}`, `${service}.example.com`];
  const [ownHosts, jobHosts] = await Promise.all([estate.ownHosts(options.ownHosts), estate.ownHosts(jobNames), pushVersions(estate.registry, service, image, versions, options.weightMegabytes)]);
  const folder = join(folders.people, service);
  await mkdir(folder);
  const project = await writeProject(folder, kamal, {
    service, image, hostname, registry: estate.registry, key: estate.key,
    roles: { web: ownHosts.map(({ address }) => address), ...(jobHosts.length > 0 && { job: jobHosts.map(({ address }) => address) }) },
    knownHosts: [...ownHosts, ...jobHosts].map(({ knownHost }) => knownHost), env: { GREETING: 'hello' }, ...(options.deployTimeout !== undefined && { deployTimeout: options.deployTimeout }),
  });
  await mkdir(join(folders.projects, service));
  for (const part of ['config', '.kamal']) await cp(join(folder, part), join(folders.projects, service, part), { recursive: true });
  const { status, stdout, stderr } = await project.kamal(['setup', '--skip-push', `--version=${versions[0] ?? FIRST_VERSION}`]);
  expect(status, `kamal setup of ${service}: ${stdout}${stderr}`).to.equal(0);
  return {
    name: service, image, hostname, ownHosts, jobHosts, project,
    async versionAt(address) {
      const answer = await ask(address, '/', { host: hostname }).catch(() => undefined);
      return answer?.status === 200 ? answer.body.split(' ')[0] : undefined;
    },
  };
}
