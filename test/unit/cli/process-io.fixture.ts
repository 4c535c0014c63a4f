import { processIo } from '../../../controller/cli/index.ts';

// Writes lines until somebody asks it to end or nobody reads them any more.
const io = processIo();
let line = 0;
const timer = setInterval(() => io.stdout(`line ${line += 1} of ${io.columns} columns\n`), 1);
io.signal.addEventListener('abort', () => {
  clearInterval(timer);
  io.stdout('stopped\n');
}, { once: true });
