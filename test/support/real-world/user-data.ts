/** What the user data of servers is worth to who reads it once they serve. */
import { connect } from 'node:net';
import ssh2 from 'ssh2';
import { parse } from 'yaml';
import type { KamalHost } from '../../../controller/api/index.ts';
import { publicKeyOf } from '../../../controller/act/ssh/public-key.ts';
import { tells } from '../planted.ts';
import { publicHalf } from '../ssh-server.ts';

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/g;
const PATIENCE_MILLISECONDS = 10_000;

/** The host key that a machine shows to who asks for one like it, as `type base64`; undefined where none comes in time. */
export function shownHostKey(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: PATIENCE_MILLISECONDS });
    const client = new ssh2.Client();
    const end = (key?: string): void => {
      client.end();
      socket.destroy();
      resolve(key);
    };
    socket.once('error', () => end()).once('timeout', () => end());
    client.once('error', () => end());
    client.connect({
      sock: socket, username: 'nobody', readyTimeout: PATIENCE_MILLISECONDS, algorithms: { serverHostKey: ['ssh-ed25519'] },
      hostVerifier: (key: Buffer) => {
        end(publicKeyOf(key));
        return false;
      },
    });
  });
}

/** Why the user data of a host that serves is worth something, each as a clause; none where it is worthless. `secrets`: what must not stand in it, beside what suites plant. */
export async function worthOf(userData: string, { metadata: { name }, status }: KamalHost, port: number, secrets: readonly string[]): Promise<string[]> {
  const { ssh_keys: { ed25519_private: delivered } } = parse(userData, { version: '1.1' }) as { ssh_keys: { ed25519_private: string } };
  const key = publicHalf(delivered);
  const address = status?.sshAddress ?? status?.address;
  const shown = address === undefined ? undefined : await shownHostKey(address, port);
  return [
    ...(tells(userData, secrets) ? [`the user data of ${name} holds a secret of the installation`] : []),
    ...((userData.match(PRIVATE_KEY) ?? []).length === 1 ? [] : [`the user data of ${name} holds further private keys`]),
    ...(status?.hostKey === key ? [`the key in the user data of ${name} is the one that is pinned`] : []),
    ...(shown === key ? [`${name} still shows the key that is in its user data`] : []),
    ...(shown !== undefined && shown !== status?.hostKey ? [`${name} shows another key than the pinned one`] : []),
  ];
}
