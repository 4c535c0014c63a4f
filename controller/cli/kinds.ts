import { RESOURCES } from '../api/index.ts';
import type { Kind, ResourceDescription } from '../api/index.ts';
import { closest } from './closest.ts';
import { CommandFailure, EXIT } from './failure.ts';

/** In the order in which an operator asks: why, what, which, and who holds the lock. */
const ALL: readonly Kind[] = ['ScalingPolicy', 'HostPool', 'KamalHost', 'DeploySession'];

export function description(kind: Kind): ResourceDescription {
  const found = RESOURCES.find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(`no definition of ${kind} was generated from crds/`);
  return found;
}

/** Kinds of `sp,hostpools` or `all`, each once, in the order written. Throws wrong usage with what was probably meant. */
export function readKinds(text: string): ResourceDescription[] {
  const kinds = text.split(',').flatMap((word): readonly Kind[] => (word.toLowerCase() === 'all' ? ALL : [readKind(word).kind]));
  return [...new Set(kinds)].map(description);
}

/** A kind by its plural, singular or short name, or its own, in any case. */
export function readKind(word: string): ResourceDescription {
  const found = RESOURCES.find((resource) => namesOf(resource).includes(word.toLowerCase()));
  if (found !== undefined) return found;
  const meant = closest(word, RESOURCES.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]));
  throw new CommandFailure(EXIT.usage, `no kind is called "${word}"`, meant === undefined ? `write one of ${kindNames()}` : `did you mean ${meant}? The kinds are ${kindNames()}`);
}

/** `scalingpolicies (sp), …` for help and errors. */
export const kindNames = (): string =>
  ALL.map(description).map(({ plural, shortNames }) => `${plural} (${shortNames.join(', ')})`).join(', ');

const namesOf = ({ plural, singular, shortNames }: ResourceDescription): string[] => [plural, singular, ...shortNames];
