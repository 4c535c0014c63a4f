import type { HostPool, ScalingPolicy } from '../../api/index.ts';
import type { Io, LoadSource } from '../../cli/index.ts';
import { ClassifiedError } from '../../model/index.ts';
import { CsvReader, LOG_FORMATS, type LineParser, type Recording, RequestBins, formatOf } from '../../simulate/index.ts';
import { type LineOptions, eachLine } from './lines.ts';
import { readPrometheus } from './prometheus-load.ts';

/** A recorded load, with what its source also says. */
export interface ReadLoad {
  recording: Recording;
  /** As people know it. */
  source: string;
  /** Mean time of a request without waiting, where the source has durations. */
  measuredSeconds?: number;
  notes: string[];
}

/** Reads a load. Rejects with a ClassifiedError that names file, line or query, and the mend. */
export async function readLoad(source: LoadSource, { policy, pool }: { policy: ScalingPolicy; pool?: HostPool }, io: Io, options: LineOptions): Promise<ReadLoad> {
  switch (source.kind) {
    case 'Trace': {
      const reader = new CsvReader(source.file);
      await eachLine(source.file, (line) => reader.add(line), options);
      const recording = reader.finish();
      return { recording, source: source.file, notes: holesNote(recording) };
    }
    case 'Log':
      return await readLog(source.file, options);
    case 'Prometheus': {
      const { recording, query } = await readPrometheus(source, { policy, ...(pool !== undefined && { pool }) }, io, options);
      return { recording, source: query, notes: holesNote(recording) };
    }
  }
}

async function readLog(file: string, options: LineOptions): Promise<ReadLoad> {
  const bins = new RequestBins();
  let parse: LineParser | undefined;
  let [lines, others] = [0, 0];
  await eachLine(file, (line) => {
    lines++;
    if (parse === undefined) {
      const format = formatOf(line);
      if (format !== undefined) parse = LOG_FORMATS[format]();
    }
    const request = parse?.(line);
    if (request === undefined) others++;
    else bins.add(request);
  }, options);
  if (bins.requests === 0) {
    throw new ClassifiedError('Invalid', `${file}: none of ${lines} lines is a request`, { mend: "give kamal-proxy's JSON log (kamal proxy logs), or a combined access log" });
  }
  const { tooEarly, ...recording } = bins.finish(file);
  const measured = bins.serviceSeconds;
  return {
    recording,
    source: file,
    ...(measured !== undefined && { measuredSeconds: measured }),
    notes: [
      ...(others > 0 ? [`${others} of ${lines} lines are no requests, or WebSockets`] : []),
      ...(tooEarly > 0 ? [`${tooEarly} requests from more than an hour before the first line were left out`] : []),
    ],
  };
}

const holesNote = ({ holes, trace }: Recording): string[] =>
  holes === 0 ? [] : [`${holes} of ${trace.rates.length} points are missing; a line was put through them`];
