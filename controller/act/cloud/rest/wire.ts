/** What is read of the answers of clouds. Shapes are checked: an answer that is something else must not pass for an empty one. */
import { isIP } from 'node:net';
import { ClassifiedError } from '../../../model/index.ts';

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const strange = (what: string): ClassifiedError => new ClassifiedError('Unavailable', `an answer of the cloud's API is not understood: ${what}`, { mend: 'check the endpoint, or update kamal-autoscaler' });

export function recordIn(answer: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = answer[key];
  if (!isRecord(value)) throw strange(`it has no ${key}`);
  return value;
}

export function listIn(answer: Record<string, unknown>, key: string, path: string): Record<string, unknown>[] {
  const value = answer[key];
  if (!Array.isArray(value) || !value.every(isRecord)) throw strange(`that to ${path} has no list ${key}`);
  return value;
}

export function numberOf(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw strange(`${key} is no number`);
  return value;
}

/** An id becomes part of a path and of a provider id. */
export function idOf(record: Record<string, unknown>): number {
  const id = numberOf(record, 'id');
  if (!Number.isSafeInteger(id) || id < 0) throw strange(`id ${id} is no id`);
  return id;
}

/** A port goes into addresses that are compared and asked. */
export function portOf(record: Record<string, unknown>, key: string): number {
  const port = numberOf(record, key);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw strange(`${key} ${port} is no port`);
  return port;
}

/** An address goes into command lines, known_hosts and documents, so it must be one and nothing else. */
export function addressOf(text: string): string {
  if (isIP(text) === 0 || text.includes('%')) throw strange(`${JSON.stringify(text.slice(0, 60))} is no IP address`);
  return text;
}

/** Of an error; its words go into messages, events and status. */
const LONGEST_WORDS = 1_000;

/** What an error says; undefined where it is no text. */
export const wordsOf = (value: unknown): string | undefined => (typeof value === 'string' ? value.slice(0, LONGEST_WORDS) : undefined);

export function textOf(record: Record<string, unknown>, key: string): string {
  const value = record[key];
  if (typeof value !== 'string') throw strange(`${key} is no text`);
  return value;
}

export function textsOf(record: Record<string, unknown>, key: string): string[] {
  const value = record[key];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw strange(`${key} is no list of texts`);
  return value;
}

/** An amount of money: a number, or one written as text, `0.0088000000000000`. */
export function amountOf(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) throw strange(`${key} is no amount`);
  return amount;
}

export const listOf = (record: Record<string, unknown>, key: string): Record<string, unknown>[] => {
  const value = record[key];
  return Array.isArray(value) ? value.filter(isRecord) : [];
};
