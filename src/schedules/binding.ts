import { instanceStub, type Placement } from "../instance/namespace.ts";
import type { IndexApi, ScheduleApi } from "./protocol.ts";

/*
 * Schedules as a Worker has them: whether they are bound, and the way to them.
 */

const BINDING = "WORKFLOW_SCHEDULE";
const CLASS = "WorkflowSchedule";
/** No schedule is called so: theirs begin otherwise. */
export const INDEX = "index";
const PREFIX = "schedule-";

/** What whoever asks for schedules is told without them. */
export const SCHEDULES_MISSING = `schedules need objects of the class ${CLASS}, and the binding ${BINDING} is missing; everything else works without it. Add to the Worker's module, where worker is what createWorker has made:

export class ${CLASS} extends worker.${CLASS} {}

and to wrangler.toml:

[[durable_objects.bindings]]
name = "${BINDING}"
class_name = "${CLASS}"

[[migrations]]
tag = "v3"
new_sqlite_classes = ["${CLASS}"]`;

/** The way to all schedules. */
export interface Schedules {
  schedule(id: string): ScheduleApi;
  index(): IndexApi;
}

export function idOfObject(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";
}

/** `undefined` where they are not bound. A service binding has a method of every name that it is asked for. */
export function boundSchedules(env: object, placement: Placement): Schedules | undefined {
  const value: unknown = Reflect.get(env, BINDING);
  if (typeof value !== "object" || value === null || value.constructor?.name === "Fetcher") return undefined;
  if (typeof Reflect.get(value, "getByName") !== "function") return undefined;
  const namespace = value as Parameters<typeof instanceStub<ScheduleApi & IndexApi>>[0];
  return {
    schedule: (id) => instanceStub(namespace, placement, PREFIX + id),
    index: () => instanceStub(namespace, placement, INDEX),
  };
}
