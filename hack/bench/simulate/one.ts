/** A process of its own for each measurement, as what it used at most cannot be taken back. */
import { createWriteStream, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { eachLine } from '../../../controller/compose/simulate/lines.ts';
import { readPolicy } from '../../../controller/compose/read-policy.ts';
import { type ContenderSpec, LOG_FORMATS, REFERENCE_WORLD, RequestBins, type Scenario, baselineSpecs, runJob, simulatedPolicy } from '../../../controller/simulate/index.ts';

const DAY = 86_400;
const BIN_SECONDS = 15;

export interface Measurement {
  seconds: number;
  /** Most memory of the process. */
  megabytes: number;
}

/** A working week with a spike each noon; every bin differs. */
function scenarioOf(days: number): Scenario {
  const rates = Float64Array.from({ length: (days * DAY) / BIN_SECONDS }, (_, bin) => {
    const second = bin * BIN_SECONDS;
    const weekend = Math.floor(second / DAY) % 7 >= 5 ? 0.5 : 1;
    const noon = Math.exp(-(((second % DAY) - DAY / 2) ** 2) / (2 * 900 ** 2));
    return weekend * (700 - 500 * Math.cos((2 * Math.PI * second) / DAY) + 700 * noon) + 20 * Math.sin(bin);
  });
  return { trace: { binSeconds: BIN_SECONDS, rates }, evaluated: { from: DAY / 4, to: days * DAY }, parameters: REFERENCE_WORLD, seed: 1, epoch: Date.UTC(2026, 0, 5) };
}

async function contenders(): Promise<ContenderSpec[]> {
  const { policy } = await readPolicy(join(import.meta.dirname, '..', '..', '..', 'manifests', 'samples', 'evaluate-web.yaml'));
  return [
    { name: 'policy', kind: 'Engine', explanation: '', policy: simulatedPolicy(policy.spec).policy, billing: 'Second', drainSeconds: 30 },
    ...baselineSpecs({ requests: 70, cpu: 70 }),
    { name: 'static', kind: 'Static', hosts: 26, enoughFor: '' },
    { name: 'clairvoyant', kind: 'Clairvoyant', billing: 'Second' },
    { name: 'clairvoyant', kind: 'Clairvoyant', billing: 'Hour' },
  ];
}

async function backtestOf(days: number): Promise<void> {
  const scenario = scenarioOf(days);
  for (const contender of await contenders()) runJob({ scenario, contender, detail: 'Course' });
}

/** Reads a log of so many megabytes, which it has written before. */
async function logOf(megabytes: number): Promise<number> {
  const file = join(tmpdir(), `bench-simulate-${process.pid}.log`);
  const out = createWriteStream(file);
  const line = (at: number): string => `{"time":"${new Date(at).toISOString()}","level":"INFO","msg":"Request","host":"shop.example.com","port":443,"path":"/products/42","request_id":"","status":200,"service":"shop-web","target":"c0ffee:3000","duration":41000000,"method":"GET","req_content_length":0,"resp_content_length":5120,"remote_addr":"192.0.2.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","proto":"HTTP/2.0","scheme":"https","query":""}\n`;
  try {
    const block = Array.from({ length: 2500 }, (_, index) => line(Date.UTC(2026, 0, 5) + index * 20)).join('');
    for (let written = 0; written < megabytes * 1e6; written += block.length) {
      if (!out.write(block)) await new Promise<void>((resolve) => out.once('drain', resolve));
    }
    out.end();
    await finished(out);
    const bins = new RequestBins();
    const parse = LOG_FORMATS.KamalProxy();
    const started = performance.now();
    await eachLine(file, (text) => {
      const request = parse(text);
      if (request !== undefined) bins.add(request);
    }, { signal: new AbortController().signal });
    return performance.now() - started;
  } finally {
    await rm(file, { force: true });
  }
}

const [what, amount] = [process.argv[2], Number(process.argv[3])];
const started = performance.now();
const milliseconds = what === 'log' ? await logOf(amount) : (await backtestOf(amount), performance.now() - started);
const measurement: Measurement = { seconds: milliseconds / 1000, megabytes: process.resourceUsage().maxRSS / 1024 };
writeSync(1, JSON.stringify(measurement));
