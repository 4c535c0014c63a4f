import { OWN_KEY, OWN_KEY_FOLDER } from '../../ssh/host-key-files.ts';

/**
 * Commands of a first boot, each a line of shell for cloud-init's runcmd. They do nothing where an image has it all: a
 * snapshot with Docker on it is ready sooner, and needs no package server at the very moment of a spike.
 */
export function bringUpCommands(user: string): string[] {
  // A user that the image has already joins no group at its making.
  return [OWN_KEY_COMMAND, UNEXPIRE_COMMAND, DOCKER_COMMAND, ...(user === 'root' ? [] : [`usermod --append --groups docker ${user}`])];
}

/** The host's own key takes over after the first contact; from then on the delivered one is worthless. */
const OWN_KEY_COMMAND = `mkdir -p -m 755 ${OWN_KEY_FOLDER} && { [ -f ${OWN_KEY} ] || ssh-keygen -q -t ed25519 -N '' -C '' -f ${OWN_KEY}; }`;

/** Hetzner lets the password of root expire at once where a server is bought without SSH keys of the project, and then no command runs. */
const UNEXPIRE_COMMAND = 'if command -v chage > /dev/null; then chage -d "$(date +%Y-%m-%d)" -M -1 -E -1 root; fi';

/** From the distribution where it is known how, which is quicker; else as Kamal itself would do it. */
const DOCKER_COMMAND = `command -v docker > /dev/null || {
  if command -v apt-get > /dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q && apt-get install -q -y --no-install-recommends docker.io iptables ca-certificates
  else
    curl -fsSL https://get.docker.com | sh
  fi
  systemctl enable --now docker
}`;

