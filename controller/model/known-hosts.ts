/** How known_hosts names a place: OpenSSH and net-ssh alike want the brackets off port 22 only. */
export const knownHostName = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** Plain lines, for Kamal's net-ssh reads no wildcards. Keys are `type base64`; none is pinned for what is no key or no address, for it could pin another. */
export const knownHostsLines = (address: string, port: number, keys: readonly string[]): string[] =>
  keys.filter((key) => ADDRESS.test(address) && KEY.test(key)).map((key) => `${knownHostName(address, port)} ${key}`);

const ADDRESS = /^[A-Za-z0-9:][A-Za-z0-9._:-]*$/;
const KEY = /^[a-z0-9@.-]+ [A-Za-z0-9+/=]+$/;
