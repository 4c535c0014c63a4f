import { expect } from 'chai';
import { ApiException } from '@kubernetes/client-node';
import type { ErrorClass } from '../../../controller/model/index.ts';
import { classifyApiError } from '../../../controller/runtime/cluster/api-errors.ts';
import type { Verb } from '../../../controller/runtime/cluster/api-errors.ts';

const answer = (code: number, body: unknown, headers: Record<string, string> = {}): ApiException<unknown> => new ApiException(code, 'no', body, headers);
const status = (reason: string, message: string, details?: object): string => JSON.stringify({ kind: 'Status', reason, message, details });
const broken = (code: string): TypeError => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

const TABLE: [title: string, error: unknown, read: ErrorClass, write: ErrorClass][] = [
  ['a refused field', answer(422, status('Invalid', 'spec.minHosts: too large')), 'Invalid', 'Invalid'],
  ['an unknown field', answer(400, status('BadRequest', 'strict decoding error: unknown field "spec.x"')), 'Invalid', 'Invalid'],
  ['an object too large', answer(413, 'Request entity too large'), 'Invalid', 'Invalid'],
  ['a bad token', answer(401, undefined), 'Unauthorized', 'Unauthorized'],
  ['a missing permission', answer(403, status('Forbidden', 'User "x" cannot list')), 'Forbidden', 'Forbidden'],
  ['a missing object', answer(404, status('NotFound', 'hostpools "web" not found')), 'NotFound', 'NotFound'],
  ['a kind that is not served', answer(404, '404 page not found'), 'Unavailable', 'Unavailable'],
  ['a resourceVersion that is old', answer(409, status('Conflict', 'modified')), 'Conflict', 'Conflict'],
  ['a name that is taken', answer(409, status('AlreadyExists', 'exists')), 'AlreadyExists', 'AlreadyExists'],
  ['an expired page', answer(410, status('Expired', 'too old')), 'Conflict', 'Conflict'],
  ['too many requests', answer(429, status('TooManyRequests', 'slow down')), 'RateLimited', 'RateLimited'],
  ['a fault inside', answer(500, status('InternalError', 'etcdserver: request timed out')), 'Unavailable', 'OutcomeUnknown'],
  ['a server that shuts down', answer(503, 'unavailable'), 'Unavailable', 'Unavailable'],
  ['a timeout inside', answer(504, status('Timeout', 'timed out')), 'Unavailable', 'OutcomeUnknown'],
  ['a refused connection', broken('ECONNREFUSED'), 'Unavailable', 'Unavailable'],
  ['a foreign certificate', broken('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'Unavailable', 'Unavailable'],
  ['a self-signed certificate', broken('DEPTH_ZERO_SELF_SIGNED_CERT'), 'Unavailable', 'Unavailable'],
  ['a reset connection', broken('ECONNRESET'), 'Unavailable', 'OutcomeUnknown'],
  ['a closed socket', broken('UND_ERR_SOCKET'), 'Unavailable', 'OutcomeUnknown'],
  ['no answer in time', new DOMException('The operation was aborted due to timeout', 'TimeoutError'), 'Unavailable', 'OutcomeUnknown'],
  ['a bug', new RangeError('oops'), 'Defect', 'Defect'],
];

describe('classifyApiError', () => {
  for (const [title, error, read, write] of TABLE) {
    it(`calls ${title} ${read}${read === write ? '' : ` for a read and ${write} for a write`}`, () => {
      const classOf = (verb: Verb): ErrorClass => classifyApiError(error, { verb, what: 'get HostPool shop/web' }).class;
      expect([classOf('Read'), classOf('Write')]).to.deep.equal([read, write]);
    });
  }

  it('says what was tried and what the API server answered', () => {
    const error = classifyApiError(answer(422, status('Invalid', 'spec.minHosts: too large')), { verb: 'Write', what: 'create ScalingPolicy shop/web' });
    expect(error.message).to.equal('create ScalingPolicy shop/web: spec.minHosts: too large');
  });

  it('shows no header, where a token could be', () => {
    const error = classifyApiError(answer(403, status('Forbidden', 'no'), { authorization: 'Bearer secret' }), { verb: 'Read', what: 'list' });
    expect(error.message).not.to.contain('secret');
  });

  it('passes on how long to wait', () => {
    const told = (body: unknown, headers = {}): number | undefined => classifyApiError(answer(429, body, headers), { verb: 'Read', what: 'list' }).retryAfterSeconds;
    expect(told(status('TooManyRequests', 'slow down', { retryAfterSeconds: 7 }))).to.equal(7);
    expect(told('slow', { 'retry-after': '3' })).to.equal(3);
    expect(told('slow')).to.equal(1);
  });
});
