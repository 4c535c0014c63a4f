/** The key with which sshd answers. cloud-init writes the delivered one there. */
export const LIVE_KEY = '/etc/ssh/ssh_host_ed25519_key';
/** The key that the host made itself waits here until it takes over. Made by the user data. */
export const OWN_KEY_FOLDER = '/var/lib/kamal-autoscaler';
export const OWN_KEY = `${OWN_KEY_FOLDER}/ssh_host_ed25519_key`;
