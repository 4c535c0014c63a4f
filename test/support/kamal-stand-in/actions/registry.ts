/** Credentials of the registry, on this machine and on the hosts. */
import { BeyondStandIn } from '../errors.ts';
import { registryCommands } from '../remote/host.ts';
import type { Session } from '../session.ts';

export async function registryLogin(session: Session): Promise<void> {
  if (session.options['skip_local'] !== true) throw new BeyondStandIn('the stand-in for kamal logs in on no local Docker: pass --skip-local');
  if (session.options['skip_remote'] === true) return;
  await session.on(session.targets.hosts, async (on) => void (await on.execute(registryCommands(session.config).login())));
}

export async function registryLogout(session: Session): Promise<void> {
  if (session.options['skip_local'] !== true) throw new BeyondStandIn('the stand-in for kamal logs out of no local Docker: pass --skip-local');
  if (session.options['skip_remote'] === true) return;
  await session.on(session.targets.hosts, async (on) => void (await on.execute(registryCommands(session.config).logout())));
}
