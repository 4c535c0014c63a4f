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

/** `web` or, as kubectl writes it, `hostpool/web`. */
export const readPoolName = (word: string): string => readName(word, 'HostPool', 'pool');

/** `web-1-c0ffee00` or `kamalhost/web-1-c0ffee00`. */
export const readHostName = (word: string): string => readName(word, 'KamalHost', 'host');

function readName(word: string, wanted: Kind, what: string): string {
  const [written = '', name] = word.split('/', 2);
  if (name === undefined) return word;
  if (readKind(written).kind !== wanted) throw new CommandFailure(EXIT.usage, `${word} is no ${what}`, `write the name of a ${wanted}`);
  return name;
}

/** `hostpool web` and, as kubectl also writes it, `hostpool/web`. */
export function readTarget(word: string, name: string | undefined): { kinds: string; name: string | undefined } {
  const [kinds = '', joined] = word.split('/', 2);
  if (joined !== undefined && name !== undefined) throw new CommandFailure(EXIT.usage, `${word} and ${name} are two names`, 'write one of them');
  return { kinds, name: joined ?? name };
}

/** `scalingpolicies (sp), …` for help and errors. */
export const kindNames = (): string =>
  ALL.map(description).map(({ plural, shortNames }) => `${plural} (${shortNames.join(', ')})`).join(', ');

const namesOf = ({ plural, singular, shortNames }: ResourceDescription): string[] => [plural, singular, ...shortNames];
