import { expect } from 'chai';
import { type ClientKey, type SSH, type SSHSettings, createSSH } from '../../controller/act/ssh/index.ts';
import { ClassifiedError } from '../../controller/model/index.ts';
import type { HostIdentity } from '../../controller/ports/index.ts';
import { systemClock } from '../../controller/runtime/clock.ts';
import { type SshServer, type SshServerOptions, newKey, startSshServer } from './ssh-server.ts';
import { newClientKey } from './ssh-targets.ts';

/** Servers and clients of one test, which let each other in. */
export interface SshBench {
  readonly clientKey: ClientKey;
  server(options?: Partial<SshServerOptions>): Promise<SshServer>;
  client(settings?: Partial<SSHSettings>): SSH;
  /** Ends all of them. */
  clear(): Promise<void>;
}

export async function openSshBench(): Promise<SshBench> {
  const clientKey = await newClientKey();
  const endings: (() => Promise<void>)[] = [];
  return {
    clientKey,
    async server(options = {}) {
      const started = await startSshServer({ hostKeys: [newKey()], authorizedKeys: [clientKey.publicKey], ...options });
      endings.push(() => started.close());
      return started;
    },
    client(settings = {}) {
      const ssh = createSSH({ installation: 'shop', clientKey, clock: systemClock, ...settings });
      endings.push(() => ssh.close());
      return ssh;
    },
    async clear() {
      for (const end of endings.splice(0).reverse()) await end();
    },
  };
}

export const fixed = (host: SshServer): HostIdentity => ({ kind: 'Fixed', hostKey: host.hostKeys[0]! });

export async function failure(work: Promise<unknown>): Promise<ClassifiedError> {
  const error = await work.then(() => new Error('it succeeded'), (thrown: unknown) => thrown);
  expect(error).to.be.instanceOf(ClassifiedError);
  return error as ClassifiedError;
}
