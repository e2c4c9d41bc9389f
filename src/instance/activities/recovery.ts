import type { Turn } from "../../engine/turn.ts";
import type { TaskFailed, TaskScheduled } from "../../model/history-event.ts";
import type { InstancePorts } from "../ports.ts";
import type { ActivityOwner, ActivityRun } from "./activity-run.ts";

/** What is to be done with the activities that a restart found without a result. */
export interface Recovery {
  readonly run: ActivityRun[];
  /** Activities that were found so once too often. */
  readonly giveUp: { readonly task: TaskScheduled; readonly fact: TaskFailed }[];
}

/**
 * An object that has lost its memory runs its open activities again. One of them may be why it did (too much memory,
 * a loop without end), so every recovery is counted, on disk before the activity is run. After a few of them the
 * activities are run and counted one at a time, so that only the guilty one reaches the limit and is recorded as failed.
 */
export class Recoveries {
  readonly #ports: InstancePorts;
  /** Activities that have a row: it goes when their results come. */
  readonly #tasks = new Set<number>();

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  add(taskId: number): void {
    this.#tasks.add(taskId);
  }

  drop(taskIds: readonly number[]): void {
    for (const id of taskIds) this.#tasks.delete(id);
  }

  /** Which activities need their rows no longer after this turn; `undefined` when none has one. */
  answeredBy({ completion, events }: Turn): number[] | undefined {
    if (this.#tasks.size === 0) return undefined;
    // After a terminate no result is taken any more.
    if (completion?.type === "Terminated") return [...this.#tasks];
    return events.flatMap((event) => ("id" in event && this.#tasks.has(event.id) ? [event.id] : []));
  }

  /** What to do with activities that were found open; they are counted as that, but for those that are run one at a time. */
  async plan(
    executionId: string,
    open: readonly TaskScheduled[],
    owner: Pick<ActivityOwner, "isCurrent">,
  ): Promise<Recovery> {
    const { store, limits } = this.#ports;
    const counts = store.recoveries();
    const countOf = (task: TaskScheduled) => counts.get(task.id)?.count ?? 0;
    const hopeful = open.filter((task) => countOf(task) < limits.maxActivityRecoveries);
    const giveUp = open
      .filter((task) => countOf(task) >= limits.maxActivityRecoveries)
      .map((task) => ({ task, fact: failureOf(task, limits.maxActivityRecoveries) }));
    const isolate = hopeful.some((task) => countOf(task) >= limits.isolateAfterRecoveries);
    const { limits: limited } = this.#ports.registry;
    // One that waits for a lease may have never begun: it is counted when it does.
    const isLimited = ({ name }: TaskScheduled) => !limited.areNone && limited.of("activity", name) !== undefined;
    const counted = isolate ? [] : hopeful.filter((task) => !isLimited(task));
    if (counted.length > 0) {
      store.countRecovery(counted.map((task) => task.id));
      await this.#ports.sync();
    }
    for (const task of open) this.#tasks.add(task.id);
    const run = hopeful.map((task) => {
      const count = () => countOne(this.#ports, task, () => owner.isCurrent(executionId));
      const how = isolate ? { aloneAfter: count } : isLimited(task) ? { after: count } : {};
      return { executionId, task, progress: counts.get(task.id)?.progress, ...how };
    });
    return { run, giveUp };
  }
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
