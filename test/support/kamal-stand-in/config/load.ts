/** The configuration files: ERB, YAML, and the destination's file laid over the base one. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { BeyondStandIn, KamalError, runtimeError } from '../errors.ts';
import type { World } from '../world.ts';
import { renderErb } from './erb.ts';
import { isHash, type Raw, type RawHash } from './validate.ts';

export function loadRaw(world: World, configFile: string, destination: string | undefined): RawHash {
  const base = resolve(world.cwd, configFile);
  const files = [base, ...(destination === undefined ? [] : [base.replace(/(\.[^./]+)?$/, `.${destination}.yml`)])];
  return files.map((file) => loadFile(world, file)).reduce((all, file) => merged(all, file));
}

function loadFile(world: World, file: string): RawHash {
  if (!existsSync(file)) throw runtimeError(`Configuration file not found in ${file}`);
  const text = renderErb(readFileSync(file, 'utf8'), { env: world.env, cwd: world.cwd });
  const raw = parsed(text, file);
  if (!isHash(raw)) throw new BeyondStandIn(`the stand-in for kamal found no mapping in ${file}`);
  return raw;
}

function parsed(text: string, file: string): Raw {
  try {
    return parse(text, { version: '1.1', merge: true });
  } catch (error) {
    throw new KamalError('Psych::SyntaxError', `(<unknown>): ${(error as Error).message} (in ${file})`);
  }
}

/** Mappings are joined key by key; a list replaces the list before it. */
export function merged(base: RawHash, over: RawHash): RawHash {
  return Object.entries(over).reduce<RawHash>((all, [key, value]) => {
    const before = all[key];
    return { ...all, [key]: isHash(before) && isHash(value) ? merged(before, value) : value };
  }, base);
}
