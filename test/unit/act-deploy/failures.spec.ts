import { expect } from 'chai';
import { readFailure } from '../../../controller/act/deploy/kamal/read-failure.ts';
import { createRedactor } from '../../../controller/act/deploy/kamal/redact.ts';
import type { ErrorClass } from '../../../controller/model/index.ts';
import { needTranscripts, transcribedRuns } from './transcripts.ts';

const plain = createRedactor([]);
const onHost = (words: string, code = 1): string => `Pull app image...
  Finished all in 0.4 seconds
  ERROR (SSHKit::Command::Failed): Exception while executing on host 10.77.0.4: docker exit status: ${code}
docker stdout: Nothing written
docker stderr: ${words}

`;
const raised = (error: string, words: string): string => `  Finished all in 0.2 seconds\n  \u001B[31mERROR (${error}): Exception while executing on host 10.77.0.4: ${words}\u001B[0m\n`;

/** Kamal's output, its class, whether another server would fare better, and what a person reads. */
const TABLE: [what: string, stdout: string, errorClass: ErrorClass, replaceHost: boolean, says: RegExp][] = [
  ['a held lock', "Deploy lock already in place!\nLocked by:  at 2026-11-23T16:08:15Z\n  ERROR (Kamal::Cli::LockError): Deploy lock found. Run 'kamal lock help' for more information\n", 'Locked', false, /somebody else deploys/],
  ['a refused connection', raised('Errno::ECONNREFUSED', 'Connection refused - connect(2) for 127.0.0.6:2222'), 'Unavailable', false, /refuses SSH/],
  ['a banner that does not come', raised('Net::SSH::ConnectionTimeout', 'timeout during server version negotiating'), 'Unavailable', false, /does not answer SSH/],
  ['a connection that was cut', raised('Net::SSH::Disconnect', 'connection closed by remote host'), 'Unavailable', false, /closed the SSH connection/],
  ['a host that died', raised('Net::SSH::Timeout', 'Timeout, server 10.77.0.5 not responding.'), 'Unavailable', true, /stopped answering/],
  ['another host key', raised('Net::SSH::HostKeyMismatch', 'fingerprint SHA256:ejKw does not match for "[127.0.0.4]:2222"'), 'HostKey', false, /another SSH host key.*who answers/],
  ['an unknown host key', raised('Net::SSH::HostKeyUnknown', 'fingerprint SHA256:ejKw is unknown for "[127.0.0.4]:2222"'), 'HostKey', false, /no SSH host key is pinned/],
  ['a refused login', raised('Net::SSH::AuthenticationFailed', 'Authentication failed for user root@10.77.0.4'), 'Unauthorized', false, /authorised keys/],
  ['a registry that is down', onHost('Error response from daemon: Get "http://10.77.0.1:5000/v2/": dial tcp 10.77.0.1:5000: connect: connection refused'), 'Transient', false, /registry does not answer/],
  ['a registry that is slow', onHost('Error response from daemon: Get "https://registry.test/v2/": net/http: TLS handshake timeout'), 'Transient', false, /registry does not answer/],
  ['a full disk', onHost('write /var/lib/docker/tmp/GetImageBlob2006135004: no space left on device'), 'Transient', true, /disk is full/],
  ['a full disk while a layer unpacks', onHost('failed to register layer: Error processing tar file(exit status 1): write /app: no space left on device'), 'Transient', true, /disk is full/],
  ['a missing image', onHost('Error response from daemon: manifest for registry.test/acme/shop:nosuch not found: manifest unknown: manifest unknown'), 'NotFound', false, /does not have the image/],
  ['a wrong password', onHost('Error response from daemon: login attempt to http://10.77.0.1:5000/v2/ failed with status: 401 Unauthorized'), 'Unauthorized', false, /registry refuses/],
  ['another wrong password', onHost('Error response from daemon: Get "https://registry.test/v2/": unauthorized: incorrect username or password'), 'Unauthorized', false, /registry refuses/],
  ['no login', onHost("docker: Error response from daemon: Head \"http://10.77.0.1:5000/v2/acme/shop/manifests/v3\": no basic auth credentials.", 125), 'Unauthorized', false, /registry refuses/],
  ['a private image', onHost("docker: Error response from daemon: pull access denied for registry.test/acme/shop, repository does not exist or may require 'docker login': denied: requested access to the resource is denied.", 125), 'Unauthorized', false, /registry refuses/],
  ['a pull limit', onHost('Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit'), 'RateLimited', false, /limits pulls.*log in/],
  ['too many requests', onHost('error pulling image configuration: received unexpected HTTP status: 429 Too Many Requests'), 'RateLimited', false, /limits pulls/],
  ['another architecture', onHost('no matching manifest for linux/arm64/v8 in the manifest list entries'), 'Invalid', false, /CPU architecture/],
  ['an unhealthy app', onHost('Error: target failed to become healthy within configured timeout (30s)'), 'Transient', true, /did not become healthy/],
  ['a worker that ends', raised('Kamal::Cli::Healthcheck::Error', 'container not ready after 5 seconds (exited)'), 'Transient', true, /did not become healthy/],
  ['a container that is gone', raised('Kamal::Cli::BootError', 'Failed to get endpoint for web on 10.77.0.4, did the container boot?'), 'Transient', true, /did not start/],
  ['a missing network', onHost('docker: Error response from daemon: network kamal not found.', 125), 'Transient', false, /lost what an earlier setup made/],
  ['a missing proxy', onHost('Error: No such container: kamal-proxy'), 'Transient', false, /lost what an earlier setup made/],
  ['a stopped Docker', onHost('Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'), 'Unavailable', true, /Docker does not run/],
  ['no right to Docker', onHost('permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock'), 'Forbidden', false, /may not use Docker/],
  ['a port in use', onHost('driver failed programming external connectivity on endpoint kamal-proxy: Bind for 0.0.0.0:80 failed: port is already allocated', 125), 'Invalid', false, /something else listens/],
  ['a host that is not listed', '  ERROR (ArgumentError): No --hosts match for 127.0.0.9\n', 'Invalid', false, /does not list the host.*docs\/kamal\.md/],
  ['a role that is not there', '  ERROR (ArgumentError): No --roles match for nosuch\n', 'Invalid', false, /no such role/],
  ['ssl on several hosts', '  ERROR (Kamal::ConfigurationError): SSL is only supported on a single server unless you provide custom certificates, found 2 servers for role web\n', 'Invalid', false, /proxy\.ssl: false/],
  ['a configuration error', '  ERROR (Kamal::ConfigurationError): servers/web/hosts/2: should be a string or a hash\n', 'Invalid', false, /servers\/web\/hosts\/2/],
  ['a missing secret', "  ERROR (Kamal::ConfigurationError): Exception while executing on host 127.0.0.4: Secret 'KAMAL_REGISTRY_PASSWORD' not found, no secret files (.kamal/secrets-common, .kamal/secrets) provided\n", 'Invalid', false, /KAMAL_REGISTRY_PASSWORD.*\.kamal\/secrets/],
  ['a missing destination', '  ERROR (RuntimeError): Configuration file not found in lab/app/config/deploy.staging.yml\n', 'Invalid', false, /kamal\.destination/],
  ['a file that deploy.yml reads', '  ERROR (Errno::ENOENT): No such file or directory @ rb_sysopen - config/autoscale.json\n', 'Invalid', false, /cannot be rendered \(.*autoscale\.json/],
  ['a failed hook', '  ERROR (Kamal::Cli::HookError): Hook `pre-connect` failed:\n.kamal/hooks/pre-connect exit status: 768\n.kamal/hooks/pre-connect stderr: vpn down\n', 'Invalid', false, /pre-connect.*kamal\.hooks/],
  ['no git', '  ERROR (Errno::ENOENT): No such file or directory - git\n', 'Invalid', false, /install git/],
  ['no version', "  ERROR (RuntimeError): Exception while executing on host 10.77.0.2: Can't use commit hash as version, no git repository found in lab/app1\n", 'Defect', false, /not told a version/],
  ['a service that the proxy does not know', onHost('Error: service not found'), 'NotFound', false, /does not know the app/],
  ['no Docker', '  ERROR (SSHKit::Command::Failed): Exception while executing on host 127.0.0.5: sh exit status: 1\nsh stdout: Nothing written\nsh stderr: curl: (6) Could not resolve host: get.docker.com\n', 'Invalid', false, /image with Docker/],
];

describe('what Kamal says when it fails', () => {
  for (const [what, stdout, errorClass, replaceHost, says] of TABLE) {
    it(`${what} is ${errorClass}${replaceHost ? ', and the host is replaced' : ''}`, () => {
      const failure = readFailure({ stdout, stderr: '' }, plain);
      expect(failure).to.include({ class: errorClass, replaceHost });
      expect(failure.message).to.match(says);
    });
  }

  it('reads usage errors from standard error', () => {
    const stderr = 'ERROR: "kamal app boot" was called with arguments ["web"]\nUsage: "kamal app boot"\n';
    expect(readFailure({ stdout: '', stderr }, plain)).to.include({ class: 'Invalid' });
  });

  it('shows the last words of what nobody has seen before, without secrets', () => {
    const failure = readFailure({ stdout: 'INFO fine\nthe moon is in the way of hunter22\n', stderr: 'and so is the sun\n' }, createRedactor(['hunter22']));
    expect(failure).to.deep.equal({ class: 'Unrecognised', replaceHost: false, message: 'Kamal failed in a way that this program does not know: the moon is in the way of [REDACTED] | and so is the sun' });
  });

  it('does not take the log of an app for words of Kamal, but shows its end', () => {
    const stdout = `ERROR Failed to boot web on 10.77.0.4\n ERROR 2026-11-23T16:19:02.814198244Z PG: connect: connection refused\n2026-11-23T16:19:03.442893503Z no space left on device for hunter22\n ERROR null\n${onHost('Error: target failed to become healthy within configured timeout (30s)')}`;
    const failure = readFailure({ stdout, stderr: '' }, createRedactor(['hunter22']));
    expect(failure).to.include({ class: 'Transient', replaceHost: true });
    expect(failure.message).to.include('the app logged: no space left on device for [REDACTED]').and.to.include('did not become healthy');
  });

  it('knows every failure of the real Kamal that was written down', function () {
    needTranscripts.call(this);
    const failed = transcribedRuns().filter(({ code, stdout, stderr }) => code === 1 && (stdout + stderr).trim() !== '');
    expect(failed).to.have.length.greaterThan(40);
    const unknown = failed.map((run) => ({ run, failure: readFailure(run, plain) })).filter(({ failure }) => failure.class === 'Unrecognised');
    expect(unknown.map(({ run, failure }) => `${run.file}: ${run.command}: ${failure.message}`)).to.deep.equal(KNOWN_ONLY_AS_UNKNOWN);
  });
});

/** An error that somebody's own line of ERB raised: nothing in it could be known beforehand. */
const KNOWN_ONLY_AS_UNKNOWN = ['16-inventory-variants.txt: kamal config     [13:21:10]: Kamal failed in a way that this program does not know: ERROR (RuntimeError): boom'];
