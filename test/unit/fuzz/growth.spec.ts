import { expect } from 'chai';
import { redactLog } from '../../../controller/act/deploy/kamal/redact-log.ts';
import { createRedactor, secretsOf } from '../../../controller/act/deploy/kamal/redact.ts';
import { lastWords, readFailure } from '../../../controller/act/deploy/kamal/read-failure.ts';
import { FAILURE_RULES } from '../../../controller/act/deploy/kamal/failure-rules.ts';
import { readLockStatus } from '../../../controller/act/deploy/kamal/lock-status.ts';
import { readProxyList } from '../../../controller/act/deploy/kamal/proxy-list.ts';
import { readKamalConfig } from '../../../controller/act/deploy/kamal/config-output.ts';
import { checkKamalVersion, declaredSecrets, readSecrets } from '../../../controller/act/deploy/kamal/project-checks.ts';
import { readCloudInit } from '../../../controller/act/ssh/cloud-init-status.ts';
import { pinnedIn } from '../../../controller/act/ssh/known-hosts.ts';
import { readPublicKey } from '../../../controller/act/ssh/public-key.ts';
import { readAdditions } from '../../../controller/act/cloud/user-data/merge.ts';
import { inFlightIn } from '../../../controller/act/traffic/in-flight.ts';
import { requestsIn } from '../../../controller/act/traffic/requests.ts';
import { listedURL, serversIn } from '../../../controller/act/traffic/traefik-api.ts';
import { parseExposition } from '../../../controller/observe/index.ts';
import { readExposition } from '../../../controller/observe/scrape/exposition.ts';
import { neededOf } from '../../../controller/observe/scrape/target-history.ts';
import { parseAnswer } from '../../../controller/observe/prometheus-answer.ts';
import { newestSampleQuery, selectorsOf } from '../../../controller/observe/promql-selectors.ts';
import { readJSON } from '../../../controller/model/index.ts';
import { readDocuments, readDocumentsInTurns } from '../../../controller/runtime/applier/index.ts';
import { metadataProblems } from '../../../controller/runtime/store/validation/metadata.ts';
import { expectLinear, longestTurn } from './bounds.ts';

const KB = 1024;
/** What is kept of a run of Kamal, and what a command on a host may print. */
const [KAMAL, SSH] = [256 * KB, 1024 * KB];

const repeated = (piece: string, before = '', after = '') => (length: number): string =>
  before + piece.repeat(Math.max(1, Math.floor((length - before.length - after.length) / piece.length))) + after;
const lines = (line: (index: number) => string, before = '') => (length: number): string => {
  const wanted = Math.max(1, Math.floor((length - before.length) / line(10_000).length));
  return before + Array.from({ length: wanted }, (_, index) => line(index)).join('');
};

const redact = createRedactor(['hunter2-hunter2', 'a\nlong secret\nof lines', 'x']);
const failed = (stdout: string): unknown => readFailure({ stdout, stderr: '' }, redact);
const document = (text: string): unknown => readDocuments([{ name: 'a.yaml', text }]);

/** Every place where a regular expression, or a parser, meets text of somebody else; the longest that can come there. */
const PLACES: [name: string, longest: number, read: (text: string) => unknown, texts: Record<string, (length: number) => string>][] = [
  ['words of Kamal', KAMAL, failed, {
    'empty lines': repeated('\n'), 'blanks': repeated(' '), 'blank lines': repeated(' \n'), 'errors': repeated('ERROR (A::B):\n'), 'half errors': repeated('ERROR (', 'ERROR (X): '),
    'one long line': repeated('a', 'ERROR (X): '), 'colours': repeated('\u001b[31m'), 'half colours': repeated('\u001b['), 'times': repeated('2027-01-01T00:00:00Z x\n'), 'long times': repeated('1', 'ERROR (X): \n2027-01-01T'),
    ...Object.fromEntries(FAILURE_RULES.flatMap(({ text }, index) => {
      // Words of a rule up to where it is undecided, again and again.
      const word = text.source.split(/[\\.*+?()[\]{}^$|]/)[0] ?? '';
      return word === '' ? [] : [[`rule ${index}`, repeated(`${word} `, 'ERROR (X): ')], [`rule ${index}, unspaced`, repeated(word, 'ERROR (X): ')]];
    })),
    'manifests': repeated('manifest x ', 'ERROR (X): '), 'secrets': repeated("Secret '", 'ERROR (X): '),
  }],
  ['last words', KAMAL, (text) => lastWords({ stdout: text, stderr: '' }, redact), { 'empty lines': repeated('\n'), 'one line': repeated('x ') }],
  ['redaction', SSH, redact, {
    'private keys': repeated('-----BEGIN A PRIVATE KEY-----'), 'half private keys': repeated('-----BEGIN '), 'capitals': repeated('A', '-----BEGIN '), 'ends': repeated('-----END A ', '-----BEGIN PRIVATE KEY-----'),
    'logins': repeated('docker login '), 'logins without a word': repeated('docker login\u0020\n'), 'URLs': repeated('//a:b '), 'one URL': repeated('a', '//'), 'slashes': repeated('/'), 'colons': repeated(':', '//a'),
    'headers': repeated('authorization: '), 'a header of blanks': repeated(' ', 'authorization:'), 'a header and blanks': repeated(' ', 'authorization: bearer'), 'names': repeated('token '), 'a name and blanks': repeated(' ', 'token'), 'a name, = and blanks': repeated(' ', 'token='),
    'key data': repeated(' key_data:\n  - a\n'), 'key data and blanks': repeated(' ', 'key_data:\n'), 'blanks': repeated(' '), 'blank lines': repeated(' \n'), 'tokens': repeated('ghp_'), 'secrets themselves': repeated('hunter2-hunter2'), 'nearly secrets': repeated('hunter2-'),
  }],
  ['redaction of the log of a host', 32 * KB, redactLog, {
    'names': repeated('a-token.'), 'dots': repeated('a.'), 'suffixes': repeated('.token'), 'ends of keys': repeated('-----END '), 'begins of keys': repeated('-----BEGIN'), 'variables': repeated('--env A="'), 'blanks': repeated(' ', '--env'), 'bearers': repeated('bearer '), 'lines': repeated('\n'), 'claims': repeated('eyJaaaaaaaaa.'), 'base64': repeated(`${'Az0+'.repeat(19)}\n`), 'base64 that ends otherwise': repeated(`${'Az0+'.repeat(19)}\n`, '', '!'), 'one line of it': repeated('Az', '', '!'), 'hex': repeated('a0'), 'lines of blanks': repeated(' \n'),
  }],
  ['variables of the environment', 64 * KB, (text) => secretsOf({ [text]: 'a' }), { 'keys': repeated('_KEY'), 'api': repeated('API_') }],
  ['kamal lock status', KAMAL, readLockStatus, { 'holders': repeated('Locked by: a at b '), 'at': repeated(' at', 'Locked by: '), 'lines': repeated('Locked by: \n'), 'messages': repeated('Message: '), 'long id': repeated('a', 'Locked by: a at b\nMessage: Automatic deploy lock (kamal-autoscaler ') }],
  ['kamal-proxy list', SSH, readProxyList, { 'columns': repeated('a '), 'rows': repeated('a\n', 'Service State Target\n'), 'columns and rows': (length) => `${'a '.repeat(length / 4)}\n${'x\n'.repeat(length / 4)}`, 'targets': repeated('a,', 'Service State Target\nx       y     ') }],
  ['kamal config', KAMAL, (text) => readKamalConfig(`---\n${text}`), {
    'brackets': repeated('['), 'dashes': repeated('- '), 'keys': lines((index) => `k${index}: 1\n`), 'aliases': repeated('*a, ', 'a: &a [1]\nb: ['), 'one text': repeated('x', 'a: "'), 'separators': repeated('---\n'),
  }],
  ['Gemfile.lock', SSH, (text) => checkKamalVersion('2.12.0', text), { 'gems': repeated('    kamal (\n'), 'one gem': repeated('a', '    kamal ('), 'blanks': repeated(' ') }],
  ['.kamal/secrets', KAMAL, declaredSecrets, { 'names': repeated('A=\n'), 'one name': repeated('A'), 'blanks': repeated(' '), 'exports': repeated('export '), 'a value of blanks': repeated(' ', 'A='), 'comments': repeated('#', 'A=') }],
  ['kamal secrets print', KAMAL, (text) => readSecrets(text, Array.from({ length: 500 }, (_, index) => `NAME_${index}`)), { 'lines': repeated('\n'), 'values': repeated('NAME_499=\n'), 'no names': repeated('x') }],
  ['cloud-init status', SSH, readCloudInit, { 'states': repeated('status:\n'), 'blanks': repeated(' ', 'status:'), 'newlines': repeated('\n', 'status:'), 'details': repeated('detail:\n'), 'newlines of a detail': repeated('\n', 'detail:'), 'braces': repeated('{'), 'a state': repeated('x', '{"status":"', '"}'), 'degraded': repeated('degraded ', 'status: ') }],
  ['known_hosts', 256 * KB, (text) => pinnedIn(text, '10.0.0.1', 22), { 'lines': repeated('a ssh-ed25519 AAAA\n'), 'blanks': repeated(' '), 'one name': repeated('a'), 'names': repeated('a,', '', ' ssh-ed25519 AAAA'), 'markers': repeated('@a '), 'hashes': repeated('|1|a') }],
  ['a public key', SSH, readPublicKey, { 'base64': repeated('A', 'ssh-ed25519 '), 'signs': repeated('=', 'ssh-ed25519 AAAA'), 'type': repeated('a'), 'blanks': repeated(' ', 'ssh-ed25519') }],
  ['user data', 16 * KB, (text) => readAdditions(text, 'userData'), { 'keys': lines((index) => `k${index}:\n`), 'numbers': lines((index) => `${index}:\n`), 'brackets': repeated('['), 'dashes': repeated('- '), 'headers': repeated('#include'), 'braces': repeated('{a: ') }],
  ['requests in a page of kamal-proxy', 512 * KB, (text) => requestsIn(text, 'app'), {
    'series': repeated('kamal_proxy_http_requests_total{service="app"} 1\n'), 'lines': repeated('\n'), 'labels': repeated('a="b",', 'kamal_proxy_http_requests_total{', '} 1'), 'commas': repeated(', ', 'kamal_proxy_http_requests_total{', '} 1'),
    'quotes': repeated('"', 'kamal_proxy_http_requests_total{'), 'backslashes': repeated('\\', 'kamal_proxy_http_requests_total{a="'), 'one name': repeated('a', 'kamal_proxy_http_requests_total{', '} 1'), 'a value': repeated('a', 'kamal_proxy_http_requests_total{a="', '"} 1'),
  }],
  ['requests in flight', 512 * KB, inFlightIn, { 'series': repeated('kamal_proxy_http_in_flight_requests 1\n'), 'lines': repeated('\n'), 'quotes': repeated('"', 'kamal_proxy_http_in_flight_requests{'), 'blanks': repeated(' ', 'kamal_proxy_http_in_flight_requests') }],
  ['URLs of Traefik', 256 * KB, listedURL, { 'slashes': repeated('/', 'http://a', 'x'), 'a name': repeated('a', 'http://'), 'brackets': repeated('[', 'http://['), 'digits': repeated('1', 'http://a:') }],
  // Read in turns of 1,000 lines of at most 16 KB; a turn of usual lines is short, and a long line ends the page.
  ['a turn of a metrics page', 128 * KB, parseExposition, { 'samples': repeated('a_metric_of_a_host{name="value",other="value"} 12.5 1234567890123\n'), 'comments': repeated('#\n') }],
  ['a line of a metrics page', 16 * KB, parseExposition, {
    'labels': lines((index) => `l${index}="",`, 'a{'), 'a value': repeated('x', 'a{b="', '"} 1'), 'escapes': repeated('\\n', 'a{b="', '"} 1'), 'no end': repeated('\\"', 'a{b="'), 'blanks': repeated(' ', 'a 1', 'x'), 'blanks first': repeated(' '), 'digits': repeated('1', 'a '), 'name': repeated('a'),
  }],
  ['JSON of an API', 4096 * KB, readJSON, {
    'lists': repeated('[],', '[', '[]]'), 'brackets': repeated('['), 'braces': repeated('{"a":'), 'records': repeated('{"a":1},', '[', '{}]'), 'keys': lines((index) => `"${String(index).padEnd(36, 'x')}":0,`, '{'), 'shapes': lines((index) => `{"${String(index).padEnd(70, 'x')}":0},`, '['),
    'escaped keys': lines((index) => `"\\u0041${String(index).padEnd(28, 'x')}":0,`, '{'), 'numbers': repeated('1.2345678901234567e-300,', '[', '1]'), 'one text': repeated('x', '"', '"'), 'escapes': repeated('\\u0041', '"', '"'), 'backslashes': repeated('\\', '"'), 'open texts': repeated('"a",', '['),
  }],
  ['what Traefik lists', 4096 * KB, (text) => { const read = readJSON(text); return read.kind === 'JSON' && serversIn(read.value); }, {
    'servers': repeated(`{"url":"http://10.0.0.1:80/${'x'.repeat(40)}"},`, '{"loadBalancer":{"servers":[', '{"url":"x"}]}}'), 'states': lines((index) => `"http://10.0.0.1:${index}/${'x'.repeat(40)}":"UP",`, '{"loadBalancer":{},"serverStatus":{'), 'slashes': repeated('/', '{"loadBalancer":{"servers":[{"url":"http://a', 'x"}]}}'),
  }],
  ['an answer of Prometheus', 4096 * KB, (text) => parseAnswer(200, text, 'http://prometheus'), {
    'samples': repeated('{"metric":{"namespace":"default","pool":"web","host":"web-1"},"value":[1,"2"]},', '{"status":"success","data":{"resultType":"vector","result":[', '{"metric":{},"value":[1,"1"]}]}}'), 'brackets': repeated('['), 'labels': lines((index) => `"l${index}":"",`, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{'),
    'warnings': repeated('"w",', '{"status":"success","warnings":[', '"w"],"data":{"resultType":"vector","result":[]}}'),
  }],
  ["a policy's own query", 4 * KB, (text) => newestSampleQuery(selectorsOf(text)), { 'selectors': repeated('a{}+'), 'braces': repeated('{'), 'ranges': repeated('a[5m]'), 'open ranges': repeated('a['), 'quotes': repeated('"\\'), 'escapes': repeated('\\"', '"'), 'lists': repeated('by ('), 'words': repeated('a ') }],
  ['a document of a policy', 64 * KB, document, {
    'ends': repeated('}'), 'pairs': repeated('{}'), 'commas': repeated(',', '['), 'empty': repeated('"'), 'literals': repeated('|\n', 'a: '), 'directives': repeated('%a\n'),
    'keys': lines((index) => `k${index}: 1\n`), 'brackets': repeated('['), 'braces': repeated('{a: '), 'dashes': repeated('- '), 'questions': repeated('? '), 'aliases': repeated('*a, ', 'a: &a [1]\nb: ['), 'anchors': repeated('&a '), 'tags': repeated('!!str '), 'quotes': repeated("'"), 'one text': repeated('x', 'a: "', '"'), 'blanks': repeated(' '), 'merges': repeated('<<: {a: 1}\n'),
  }],
  ['a file of policies', 4096 * KB, document, { 'one document': repeated('a: 1\n'), 'one text': repeated('x', 'a: "', '"'), 'zeros': repeated('\0') }],
  ['names and labels', 256 * KB, (text) => metadataProblems({ name: text, namespace: text, labels: { [text]: text }, annotations: { [text]: '' }, finalizers: [text] }), { 'letters': repeated('a', '', '_'), 'dashes': repeated('-a', 'a', '_'), 'dots': repeated('a.', '', '_'), 'slashes': repeated('/') }],
];

describe('time for text of somebody else', function () {
  this.timeout(60_000);
  for (const [name, longest, read, texts] of PLACES) {
    it(`grows with its length and no faster: ${name}`, () => {
      for (const [kind, text] of Object.entries(texts)) {
        try {
          expectLinear(longest, text, read);
        } catch (error) {
          throw new Error(`${name}, ${kind}: ${(error as Error).message}`, { cause: error });
        }
      }
    });
  }

  it('is given in turns where much may come', async () => {
    const pool = '---\napiVersion: kamal-autoscaler.dev/v1alpha1\nkind: HostPool\nmetadata: {name: a}\n';
    // The first object of a kind compiles its schema.
    document(pool);
    for (const text of [repeated('---\na: 1\n')(64 * KB), repeated(pool)(256 * KB), repeated('"a" ')(1024 * KB)]) {
      expect(await longestTurn(async () => void await readDocumentsInTurns([{ name: 'a.yaml', text }]))).to.be.below(100);
    }
    const needed = (value: string): string => `solid_queue_ready{${Array.from({ length: 60 }, (_, index) => `l${index}="${value}"`).join(',')}} 1\n`;
    for (const text of [repeated('a_metric{name="value"} 1\n')(1024 * KB), repeated('#\n')(1024 * KB), repeated(needed('x'.repeat(250)))(2048 * KB), repeated(needed(''))(640 * KB), repeated(`a{a="${'x'.repeat(16_000)}"} 1\n`)(2048 * KB), repeated(`#${' '.repeat(16_000)}\n`)(2048 * KB)]) {
      expect(await longestTurn(async () => void await readExposition(text, neededOf))).to.be.below(100);
    }
  });
});
