import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { seconds } from '../../../model/index.ts';
import type { Clock, LockRef, RoleRef } from '../../../ports/index.ts';
import { type ProjectSource, commitOf, fetchRemote, openSource } from './project-source.ts';
import { type WorkingCopy, makeCopy, planCopy } from './working-copy.ts';

/** The projects of all services. */
export interface Projects {
  /** A working copy of the configuration that a version was deployed with. Rejects with Invalid or Unavailable. */
  copyOf(role: LockRef & Pick<RoleRef, 'hooks'>, version: string): Promise<WorkingCopy>;
  /** The configuration as it stands now, where nobody knows which version runs. */
  currentCopy(role: LockRef & Pick<RoleRef, 'hooks'>): Promise<WorkingCopy>;
  /** Somebody deployed: brings a Git checkout up to date. Rejects with Invalid or Unavailable. */
  refresh(service: string): Promise<void>;
}

export interface ProjectsSettings {
  /** Holds a folder for each service. */
  projects: string;
  /** Where working copies are made; nobody else writes there. */
  copies: string;
  clock: Clock;
}

const COPIES_KEPT = 3;
/** A run that still reads its copy is younger. */
const UNUSED_MILLISECONDS = seconds(2 * 3600);

export function createProjects({ projects, copies, clock }: ProjectsSettings): Projects {
  const making = new Map<string, Promise<WorkingCopy>>();

  async function copy(role: LockRef & Pick<RoleRef, 'hooks'>, source: ProjectSource, commit: string | undefined): Promise<WorkingCopy> {
    const folder = join(copies, [role.service, ...(role.destination === undefined ? [] : [role.destination])].join('.'));
    const recipe = await planCopy(source, commit, role);
    const key = join(folder, recipe.revision);
    const made = making.get(key) ?? makeCopy(folder, recipe).finally(() => making.delete(key));
    making.set(key, made);
    const ready = await made;
    await noteUse(ready.folder, clock.now());
    await forgetOldCopies(folder, clock.now());
    return ready;
  }

  return {
    async copyOf(role, version) {
      const source = await openSource(projects, role.service);
      return copy(role, source, source.kind === 'Git' ? await commitOf(source, version) : undefined);
    },
    async currentCopy(role) {
      const source = await openSource(projects, role.service);
      return copy(role, source, source.kind === 'Git' ? await commitOf(source, 'HEAD') : undefined);
    },
    async refresh(service) {
      const source = await openSource(projects, service);
      if (source.kind === 'Git') await fetchRemote(source.folder);
    },
  };
}

const noteUse = (folder: string, now: number): Promise<void> => utimes(folder, now / 1_000, now / 1_000);

/** Every deploy makes a copy; the last ones stay, for rollbacks, and so does whatever a run may still read. */
async function forgetOldCopies(folder: string, now: number): Promise<void> {
  const entries = await Promise.all((await readdir(folder)).map(async (name) => ({ path: join(folder, name), usedAt: await usedAt(join(folder, name)) })));
  const old = entries.sort((one, other) => other.usedAt - one.usedAt).slice(COPIES_KEPT).filter(({ usedAt: at }) => now - at > UNUSED_MILLISECONDS);
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
}

const usedAt = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
