/** What is read of the answers of clouds. Shapes are checked: an answer that is something else must not pass for an empty one. */
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
  if (typeof value !== 'number') throw strange(`${key} is no number`);
  return value;
}

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
