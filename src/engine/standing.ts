import { BranchTask } from "./branch-task.ts";
import type { Calls } from "./calls.ts";
import { CompositeTask } from "./composite-task.ts";
import type { PendingWork } from "./pending-work.ts";
import type { Task } from "./task.ts";

/** What others are shown of an execution that goes on. */
export interface Standing {
  /** What its code waits for, of several things the first. */
  readonly wait?: Wait | undefined;
  /** An activity has failed and will be tried again. */
  readonly isRetrying?: boolean | undefined;
}

/** What the code of an execution waits for. */
export type Wait =
  | { readonly type: "event" | "activity"; readonly name: string }
  | { readonly type: "timer"; readonly atMs: number }
  | { readonly type: "child"; readonly instanceId: string }
  | { readonly type: "condition" };

export function standingOf(yielded: Task | undefined, calls: Calls, pending: PendingWork): Standing {
  const wait = waitOf(firstPartOf(yielded), (task) => calls.idOf(task), pending);
  return { wait, isRetrying: calls.isRetrying };
}

/** The tasks that are waited for with this one, and have not ended. A branch is one of them, whatever that waits for. */
export function partsOf(task: Task | undefined): Task[] {
  if (task instanceof CompositeTask) return task.open.flatMap(partsOf);
  return task === undefined ? [] : [task];
}

/** What branches come to wait for, by their tasks, as far as it is known: so that for many that wait for each other it is found once. */
export type FirstParts = Map<Task, Task | undefined>;

/**
 * Of several things the first: of a `whenAll` or `whenAny` that in its list which has not ended, of a branch what that waits for. Nothing where
 * branches wait for each other in a circle.
 */
export function firstPartOf(yielded: Task | undefined, known?: FirstParts): Task | undefined {
  let task = yielded;
  let parts = known;
  const passed: Task[] = [];
  while (task instanceof CompositeTask || task instanceof BranchTask) {
    if (task instanceof CompositeTask) task = task.firstOpen;
    else if (parts?.has(task)) task = parts.get(task);
    else {
      parts ??= new Map();
      parts.set(task, undefined);
      passed.push(task);
      task = task.waitingFor;
    }
  }
  for (const branch of passed) parts?.set(branch, task);
  return task;
}

/**
 * What the code waits for when it has yielded this task. So a wait for an event with a timeout is a wait for the event, and the pause before
 * an activity is called again is a wait for that activity; before a child is, there is none, and it is a wait for the time.
 */
export function waitOf(
  task: Task | undefined,
  idOf: (task: Task) => number | undefined,
  pending: PendingWork,
): Wait | undefined {
  const { callMethod, callName: name = "" } = task ?? {};
  if (callMethod === "waitForExternalEvent") return { type: "event", name };
  if (callMethod === "callActivity") return { type: "activity", name };
  if (callMethod === "waitForCondition") return { type: "condition" };
  const id = task && idOf(task);
  if (id === undefined) return undefined;
  const child = pending.children.get(id);
  if (child !== undefined) return { type: "child", instanceId: child.instanceId };
  const atMs = pending.timerAtMs(id);
  return atMs === undefined ? undefined : { type: "timer", atMs };
}
