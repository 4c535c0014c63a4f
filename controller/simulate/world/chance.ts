/** Numbers in [0, 1), the same for the same seed. */
export type Chance = () => number;

/** sfc32: fast, 128 bits of state, and as good as a simulation needs. Different `stream`s of one seed are independent. */
export function seededChance(seed: number, stream = 0): Chance {
  let a = seed | 0;
  let b = Math.trunc(seed / 2 ** 32) | 0;
  let c = stream | 0;
  let counter = 1;
  const next: Chance = () => {
    const sum = ((a + b) | 0) + counter | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** Draws of the standard normal distribution (Box and Muller). */
export function gaussian(chance: Chance): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - chance()));
    const angle = 2 * Math.PI * chance();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
