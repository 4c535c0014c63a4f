/**
 * The machines behind a simulated cloud: what the simulator asks for when its API sells, stops or deletes a server.
 * A simulator without a backing keeps servers as records only.
 */

/** A server as it was ordered; nothing of it changes later. */
export interface BackedServer {
  /** The cloud's own id, never used again. */
  id: number;
  /** Becomes the hostname. */
  name: string;
  /** As the order had it, not base64; empty where it had none. */
  userData: string;
  /** Name of the image or snapshot. */
  image: string;
  serverType: string;
  location: string;
  /** Public keys that the cloud puts into root's authorized_keys, as it does with `ssh_keys` of the order. */
  authorizedKeys: readonly string[];
  /** With `enable_ipv4` or without. */
  publicNet: 'IPv4' | 'None';
}

/** IPv4 addresses at which the server answers; they are given again to later servers once it is destroyed. */
export interface ServerAddresses {
  privateAddress: string;
  publicIPv4?: string;
}

export interface ServerBacking {
  /**
   * Switches a new server on and answers as soon as it has power and addresses; sshd and Docker come up in it by and
   * by. Throws where no machine can be made: the action that the cloud shows for it ends in an error.
   */
  boot(server: BackedServer): Promise<ServerAddresses>;
  /** As when the plug is pulled: nothing in it ends orderly, its disk and addresses stay. No effect when it is off. */
  powerOff(id: number): Promise<void>;
  /** Switches a server that is off on again: same disk, same addresses, cloud-init knows that it was there before. */
  powerOn(id: number): Promise<void>;
  /** Off and on. */
  reboot(id: number): Promise<void>;
  /** Takes it away with its disk; its addresses are free at once. No effect for an id that is not there. */
  destroy(id: number): Promise<void>;
}
