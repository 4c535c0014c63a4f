/** How known_hosts names a place: OpenSSH and net-ssh alike want the brackets off port 22 only. */
export const knownHostName = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** Plain lines, for Kamal's net-ssh reads no wildcards. Keys are `type base64`. */
export const knownHostsLines = (address: string, port: number, keys: readonly string[]): string[] =>
  keys.map((key) => `${knownHostName(address, port)} ${key}`);
