import type { ScheduleFields } from "../../../src/schedules/fields.ts";
import { newSchedule, type ScheduleState } from "../../../src/schedules/state.ts";
import { nominalTime, type Timetable, timetableOf } from "../../../src/schedules/timetable.ts";

export const at = (text: string): number => Date.parse(text);
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** A workflow, each hour. */
export const HOURLY: ScheduleFields = { workflowName: "report", cron: "0 * * * *" };

export function timetable(fields: Partial<ScheduleFields>): Timetable {
  const read = timetableOf({ workflowName: "report", ...fields });
  if ("problem" in read) throw new Error(read.problem);
  return read;
}

export function problemOf(fields: Partial<ScheduleFields>): string | undefined {
  const read = timetableOf({ workflowName: "report", ...fields });
  return "problem" in read ? read.problem : undefined;
}

/** The first nominal times after that one, as texts. */
export function times(fields: Partial<ScheduleFields>, after: string, count: number): string[] {
  const { next } = timetable(fields);
  const found: string[] = [];
  for (let time = next(at(after)); time !== undefined && found.length < count; time = next(time))
    found.push(nominalTime(time));
  return found;
}

export function schedule(fields: ScheduleFields, created: string, more: Partial<ScheduleState> = {}): ScheduleState {
  return { ...newSchedule(fields, at(created), { source: "api" }), ...more };
}
