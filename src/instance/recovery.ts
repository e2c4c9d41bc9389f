import type { TaskFailed, TaskScheduled } from "../model/history-event.ts";
import type { ActivityRun } from "./activity-runner.ts";
import type { InstancePorts } from "./ports.ts";
import { openText } from "./sealing.ts";

/** What is to be done with the activities that a restart found without a result. */
export interface Recovery {
  readonly run: ActivityRun[];
  /** Activities that were found so once too often. */
  readonly giveUp: TaskFailed[];
}

/**
 * An object that has lost its memory runs its open activities again. One of them may be why it did (too much memory,
 * a loop without end), so every recovery is counted, on disk before the activity is run. After a few of them the
 * activities are run and counted one at a time, so that only the guilty one reaches the limit and is recorded as failed.
 * Rejects with UnreadableError when the progress of one cannot be read. Once `isOver` says so, nothing is counted any more.
 */
export async function planRecovery(
  ports: InstancePorts,
  executionId: string,
  open: readonly TaskScheduled[],
  isCurrent: () => boolean,
  isOver: () => boolean,
): Promise<Recovery> {
  const { store, limits } = ports;
  const counts = store.recoveries();
  const countOf = (task: TaskScheduled) => counts.get(task.id)?.count ?? 0;
  const hopeful = open.filter((task) => countOf(task) < limits.maxActivityRecoveries);
  const giveUp = open
    .filter((task) => countOf(task) >= limits.maxActivityRecoveries)
    .map((task) => failureOf(task, limits.maxActivityRecoveries));
  // Whether it can be read, before anything is run or written.
  for (const task of hopeful) {
    const progress = counts.get(task.id)?.progress ?? task.progress;
    if (progress !== undefined) await openText(ports, progress);
  }
  if (isOver()) return { run: [], giveUp: [] };
  const isolate = hopeful.some((task) => countOf(task) >= limits.isolateAfterRecoveries);
  if (!isolate && hopeful.length > 0) {
    store.countRecovery(hopeful.map((task) => task.id));
    await ports.sync();
  }
  const run = hopeful.map((task) => ({
    executionId,
    task,
    progress: counts.get(task.id)?.progress,
    aloneAfter: isolate ? () => countOne(ports, task, isCurrent) : undefined,
  }));
  return { run, giveUp };
}

/** Once the instance has continued as new, the number belongs to another call. */
async function countOne(ports: InstancePorts, task: TaskScheduled, isCurrent: () => boolean): Promise<void> {
  if (!isCurrent()) return;
  ports.store.countRecovery([task.id]);
  await ports.sync();
}

function failureOf(task: TaskScheduled, recoveries: number): TaskFailed {
  return {
    type: "TaskFailed",
    id: task.id,
    failure: {
      errorType: "ActivityRecoveryLimitExceeded",
      message:
        `activity '${task.name}' was started again ${recoveries} times after its object was lost while it ran; ` +
        "it is likely to use too much memory or CPU time, and is not run any more",
    },
  };
}
