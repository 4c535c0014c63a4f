/** The real kubectl, with a home of its own so that no discovery cache or configuration of the person leaks in. */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { locate } from '../../../hack/real-parts/locate.ts';

const TIMEOUT_MS = 60_000;

export interface KubectlResult {
  /** Exit status; 0 is success. */
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs kubectl with the kubeconfig and, where given, `input` on its standard input (for `apply -f -`). */
export async function tryKubectl(kubeconfig: string, args: readonly string[], input = ''): Promise<KubectlResult> {
  const child = spawn(await locate('kubectl'), args, {
    env: { KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig), PATH: process.env['PATH'] ?? '' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  // kubectl may refuse its arguments and end before it has read anything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}

/** As `tryKubectl`, answering standard output; throws with kubectl's own words when it fails. */
export async function kubectl(kubeconfig: string, args: readonly string[], input = ''): Promise<string> {
  const result = await tryKubectl(kubeconfig, args, input);
  if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')}: exit status ${result.status}: ${result.stderr.trim()}`);
  return result.stdout;
}
