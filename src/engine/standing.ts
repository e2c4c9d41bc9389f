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
  return { wait: waitOf(yielded, calls, pending), isRetrying: calls.isRetrying };
}

/** The tasks that are waited for with this one, and have not ended. A branch is one of them, whatever that waits for. */
export function partsOf(task: Task | undefined): Task[] {
  if (task instanceof CompositeTask) return task.open.flatMap(partsOf);
  return task === undefined ? [] : [task];
}

/**
 * Of several things the first: of a `whenAll` or `whenAny` that in its list which has not ended, of a branch what that waits for. Nothing where
 * branches wait for each other in a circle.
 */
export function firstPartOf(yielded: Task | undefined): Task | undefined {
  let task = yielded;
  let passed: Set<Task> | undefined;
  while (task instanceof CompositeTask || task instanceof BranchTask) {
    if (task instanceof CompositeTask) task = task.firstOpen;
    else {
      passed ??= new Set();
      if (passed.has(task)) return undefined;
      passed.add(task);
      task = task.waitingFor;
    }
  }
  return task;
}

/**
 * What the code waits for when it has yielded this task. So a wait for an event with a timeout is a wait for the event, and the pause before
 * an activity is called again is a wait for that activity; before a child is, there is none, and it is a wait for the time.
 */
export function waitOf(yielded: Task | undefined, calls: Calls, pending: PendingWork): Wait | undefined {
  const task = firstPartOf(yielded);
  const { callMethod, callName: name = "" } = task ?? {};
  if (callMethod === "waitForExternalEvent") return { type: "event", name };
  if (callMethod === "callActivity") return { type: "activity", name };
  if (callMethod === "waitForCondition") return { type: "condition" };
  const id = task && calls.idOf(task);
  if (id === undefined) return undefined;
  const child = pending.children.get(id);
  if (child !== undefined) return { type: "child", instanceId: child.instanceId };
  const atMs = pending.timerAtMs(id);
  return atMs === undefined ? undefined : { type: "timer", atMs };
}
