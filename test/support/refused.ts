import { AssertionError, expect } from 'chai';
import { ClassifiedError } from '../../controller/model/index.ts';
import type { ErrorClass } from '../../controller/model/index.ts';

/** The error of a call that must fail with this class. */
export async function refused(errorClass: ErrorClass, call: Promise<unknown>): Promise<ClassifiedError> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    if (!(error instanceof ClassifiedError)) throw error;
    expect(error.class, error.message).to.equal(errorClass);
    return error;
  }
  throw new AssertionError(`expected ${errorClass}, but the call was answered ${JSON.stringify(answer)}`);
}
