import { measure } from './backtest.ts';
import { type ContenderSpec, contenderOf } from './contender-spec.ts';
import { type Course, CourseRecorder } from './measures/course.ts';
import type { Measures } from './measures/measures.ts';
import { type WorstMinutes, WorstFinder } from './measures/worst.ts';
import type { Scenario } from './world/run.ts';

/** One run as plain data, for any thread. */
export interface Job {
  scenario: Scenario;
  contender: ContenderSpec;
  detail: 'Measures' | 'Course';
}

export interface JobResult {
  measures: Measures;
  /** With detail `Course` alone. */
  course?: Course;
  /** With detail `Course`, unless no request was bad. */
  worst?: WorstMinutes;
}

export function runJob({ scenario, contender, detail }: Job): JobResult {
  switch (detail) {
    case 'Measures':
      return { measures: measure(scenario, contenderOf(contender)) };
    case 'Course': {
      const recorder = new CourseRecorder(scenario.evaluated.from, scenario.parameters.tickSeconds);
      const finder = new WorstFinder(scenario.parameters);
      const measures = measure(scenario, contenderOf(contender), [recorder, finder]);
      return { measures, course: recorder.course, ...(finder.worst !== undefined && { worst: finder.worst }) };
    }
  }
}
