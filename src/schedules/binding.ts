import { type BoundClass, howToAdd, namespaceIn } from "../instance/bound-class.ts";
import { instanceStub, type Placement } from "../instance/namespace.ts";
import type { IndexApi, ScheduleApi } from "./protocol.ts";

/*
 * Schedules as a Worker has them: whether they are bound, and the way to them.
 */

const SCHEDULES: BoundClass = { binding: "WORKFLOW_SCHEDULE", name: "WorkflowSchedule", tag: "v3" };
/** No schedule is called so: theirs begin otherwise. */
export const INDEX = "index";
const PREFIX = "schedule-";

/** What whoever asks for schedules is told without them. */
export const SCHEDULES_MISSING = `schedules need objects of the class ${SCHEDULES.name}, and the binding ${SCHEDULES.binding} is missing; everything else works without it. ${howToAdd(SCHEDULES)}`;

/** The way to all schedules. */
export interface Schedules {
  schedule(id: string): ScheduleApi;
  index(): IndexApi;
}

export function idOfObject(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";
}

/** `undefined` where they are not bound. */
export function boundSchedules(env: object, placement: Placement): Schedules | undefined {
  const namespace = namespaceIn<ScheduleApi & IndexApi>(env, SCHEDULES);
  if (namespace === undefined) return undefined;
  return {
    schedule: (id) => instanceStub(namespace, placement, PREFIX + id),
    index: () => instanceStub(namespace, placement, INDEX),
  };
}
