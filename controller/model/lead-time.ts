/** Of a pool that has not booted a host yet. */
const FIRST_BOOT_SECONDS = 90;
const QUANTILE = 0.6;
const BOOTS = 20;

/**
 * Seconds until a host that is ordered now serves, by the slower ones of this pool's own recent boots, and until the next
 * evaluation could order another one: what is not ordered now cannot serve any earlier. (A still higher quantile buys
 * earlier what most boots make in time; what the slowest ones lead to is learned as an error like any other.)
 */
export function leadSeconds(bootSeconds: readonly number[], intervalSeconds: number): number {
  const boots = bootSeconds.filter((boot) => boot >= 0 && boot <= 86_400).slice(-BOOTS).sort((a, b) => a - b);
  const boot = boots[Math.min(boots.length - 1, Math.floor(QUANTILE * boots.length))] ?? FIRST_BOOT_SECONDS;
  return boot + intervalSeconds;
}
