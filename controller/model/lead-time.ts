/** Of a pool that has not booted a host yet. */
const FIRST_BOOT_SECONDS = 90;
const HIGH_QUANTILE = 0.75;
const BOOTS = 20;

/**
 * Seconds until a host that is ordered now serves, in three of four cases by this pool's own recent boots, and until the
 * next evaluation could order another one: what is not ordered now cannot serve any earlier.
 */
export function leadSeconds(bootSeconds: readonly number[], intervalSeconds: number): number {
  const boots = bootSeconds.filter((boot) => boot >= 0 && boot <= 86_400).slice(-BOOTS).sort((a, b) => a - b);
  const boot = boots[Math.min(boots.length - 1, Math.floor(HIGH_QUANTILE * boots.length))] ?? FIRST_BOOT_SECONDS;
  return boot + intervalSeconds;
}
