/** Where risk is as the knob says: a forecast that is this share of the usual load wide. */
const EVEN_SHARE = 0.12;
/** How much of the difference in price is passed on. */
const PASSED_ON = 0.4;
const LEAST_USUAL = 1;
/** Whatever the shares, no risk is taken that is more than so many times the knob's, or less than that part of it. */
const MOST_TIMES = 2;

/**
 * The chance with which the load may outgrow the hosts. What one more host prevents is less where the forecast is wide, and
 * what it costs is a larger share of a small fleet's bill. Both are in the width as a share of the usual load: the greater it
 * is, the dearer is safety, and the more risk is taken. Loads are in hosts.
 */
export function acceptedRisk(risk: number, spread: number, usual: number | undefined): number {
  if (usual === undefined) return risk;
  const times = (spread / Math.max(usual, LEAST_USUAL) / EVEN_SHARE) ** PASSED_ON;
  return risk * Math.min(MOST_TIMES, Math.max(1 / MOST_TIMES, times));
}
