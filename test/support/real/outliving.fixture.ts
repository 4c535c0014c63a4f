/** Run as a process of its own: starts a program that never ends, prints its process id, and waits to be killed. */
import { privateFolder, RealProcess } from './real-process.ts';

const sleeper = await RealProcess.start(
  { name: 'sleeper', command: '/bin/sleep', args: ['3600'], ready: async () => true },
  await privateFolder('sleeper'),
);
process.stdout.write(`${sleeper.pid} ${sleeper.folder}\n`);
await new Promise(() => setInterval(() => {}, 60_000));
