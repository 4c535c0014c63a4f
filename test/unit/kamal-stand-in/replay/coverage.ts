/**
 * How many of each recording's commands are played. A command that drops out of a scenario must be taken off here too;
 * the reason stands with the scenario.
 */
export const COVERAGE: Readonly<Record<string, { played: number; of: number }>> = {
  '01-config.txt': { played: 2, of: 2 },
  '02-lock.txt': { played: 7, of: 7 },
  '03-unknown-host.txt': { played: 9, of: 9 },
  '04-initial-setup-static-hosts.txt': { played: 1, of: 1 },
  '05-fresh-host-app-boot-only.txt': { played: 3, of: 3 },
  '06-fresh-host-setup-skip-push.txt': { played: 7, of: 7 },
  '07-accessories-with-hosts.txt': { played: 1, of: 2 },
  '08-drain.txt': { played: 9, of: 11 },
  '09-partial-failure.txt': { played: 6, of: 6 },
  '10-unreachable-host.txt': { played: 7, of: 7 },
  '11-lock-flows.txt': { played: 8, of: 8 },
  '12-signals.txt': { played: 9, of: 13 },
  '13-no-version.txt': { played: 7, of: 7 },
  '14-version-outputs.txt': { played: 9, of: 11 },
  '15-rollback.txt': { played: 7, of: 7 },
  '16-inventory-variants.txt': { played: 11, of: 11 },
  '17-host-keys.txt': { played: 11, of: 11 },
  '18-hanging-host.txt': { played: 1, of: 2 },
  '19-misc.txt': { played: 15, of: 17 },
  '20-skip-hooks.txt': { played: 7, of: 7 },
  '21-more.txt': { played: 5, of: 5 },
  '22-boot-limit.txt': { played: 9, of: 9 },
  '23-rollback-preseed.txt': { played: 6, of: 6 },
  '24-no-git.txt': { played: 2, of: 2 },
  '25-proxy-with-host-header-and-env.txt': { played: 1, of: 1 },
  '30-real-initial-setup.txt': { played: 1, of: 1 },
  '31-real-add-host-setup.txt': { played: 3, of: 3 },
  '32-real-app-boot-only.txt': { played: 7, of: 7 },
  '33-real-three-in-parallel.txt': { played: 11, of: 11 },
  '34-real-lock.txt': { played: 10, of: 10 },
  '35-real-drain.txt': { played: 14, of: 14 },
  '36-real-rollback.txt': { played: 11, of: 11 },
  '37-real-sigterm.txt': { played: 6, of: 12 },
  '38-real-failures.txt': { played: 12, of: 12 },
  '39-real-traefik.txt': { played: 0, of: 0 },
  '40-real-deploy-and-drained-hosts.txt': { played: 19, of: 19 },
  '41-real-host-dies.txt': { played: 1, of: 1 },
  '42-real-join-races.txt': { played: 5, of: 5 },
  '43-real-prebaked.txt': { played: 10, of: 10 },
  '44-real-killed-deploy.txt': { played: 14, of: 15 },
};

/** Recordings of which nothing is played, and why. */
export const NOT_PLAYED: Readonly<Record<string, string>> = {
  '39-real-traefik.txt': 'tells what Traefik and its clients saw; what Kamal printed meanwhile was not recorded',
};
