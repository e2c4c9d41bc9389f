import type { TaskCompleted, TaskFailed, TaskScheduled } from "../../model/history-event.ts";

/** A call of an activity, of one execution of an instance. */
export interface ActivityRun {
  readonly executionId: string;
  readonly task: TaskScheduled;
  /** JSON of the details of the last heartbeat of a run before this one, as it is stored: perhaps encrypted. */
  readonly progress?: string | undefined;
  /** Run it while no other activity of the instance runs, and do this first. */
  readonly aloneAfter?: (() => Promise<void>) | undefined;
  /** Do this first. */
  readonly after?: (() => Promise<void>) | undefined;
}

/** Who has to admit runs that are limited across instances. */
export interface Admission {
  /** Whether the run is limited: then `begin` is called when it may begin, unless it is dropped before. */
  holdsBack(run: ActivityRun, begin: () => void): boolean;
  /** The calls of this execution that are limited, whether they have begun or wait. */
  tasksOf(executionId: string): readonly number[];
  ended(run: ActivityRun): void;
  /** Those of these calls that wait fail in place of being run. */
  abort(reason: Error, executionId: string, taskIds: readonly number[]): void;
  disown(executionId: string, taskIds: readonly number[]): void;
  dropWaiting(): void;
}

/** Who gets what becomes of activities: whatever life the object has by then. */
export interface ActivityOwner {
  /** Whether the instance is still in this execution: after a continue-as-new, a number belongs to another call. */
  isCurrent(executionId: string): boolean;
  activityEnded(run: ActivityRun, result: TaskCompleted | TaskFailed): void;
  /** Why a run could not even begin. */
  activityBroken(run: ActivityRun, error: unknown): void;
  /** A row is kept for this task. */
  progressSaved(taskId: number): void;
}
