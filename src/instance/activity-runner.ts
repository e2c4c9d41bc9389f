import type { TaskCompleted, TaskFailed, TaskScheduled } from "../model/history-event.ts";
import { ActivityAttempt } from "./activity-attempt.ts";
import type { InstancePorts } from "./ports.ts";

/** A call of an activity, of one execution of an instance. */
export interface ActivityRun {
  readonly instanceId: string;
  readonly executionId: string;
  readonly task: TaskScheduled;
  /** Whether the instance is still in this execution: after a continue-as-new, the number belongs to another call. */
  readonly isCurrent: () => boolean;
  /** JSON of the details of the last heartbeat of a run before this one. */
  readonly progress?: string | undefined;
  /** Run it while no other activity of the instance runs, and do this first. */
  readonly aloneAfter?: (() => Promise<void>) | undefined;
}

/**
 * Runs activities inside the object, so many at a time. What it knows is only about this life of the object: after a
 * restart, the history tells which calls are open. A run that has begun is never called off; a result that nobody
 * wants any more is dropped by whoever gets it.
 */
export class ActivityRunner {
  readonly #ports: InstancePorts;
  readonly #report: (run: ActivityRun, result: TaskCompleted | TaskFailed) => void;
  readonly #broken: (error: unknown) => void;
  readonly #progressSaved: (taskId: number) => void;
  /** Runs whose result is wanted, running and waiting; an attempt where it has begun. */
  readonly #wanted = new Map<string, ActivityAttempt | undefined>();
  #waiting: ActivityRun[] = [];
  #running = 0;
  #alone = 0;

  /** `report` gets each result; `broken` is told why a run could not even begin; `progressSaved` of which task a row is kept. */
  constructor(
    ports: InstancePorts,
    report: (run: ActivityRun, result: TaskCompleted | TaskFailed) => void,
    broken: (error: unknown) => void,
    progressSaved: (taskId: number) => void,
  ) {
    this.#ports = ports;
    this.#report = report;
    this.#broken = broken;
    this.#progressSaved = progressSaved;
  }

  /** How many activities run or wait for their turn, of whatever execution. */
  get size(): number {
    return this.#running + this.#waiting.length;
  }

  /** Whether this call is running or waiting here already. */
  has(executionId: string, taskId: number): boolean {
    return this.#wanted.has(keyOf(executionId, taskId));
  }

  start(run: ActivityRun): void {
    this.#wanted.set(keyOf(run.executionId, run.task.id), undefined);
    if (run.aloneAfter !== undefined) this.#alone++;
    if (this.#mayRun()) void this.#run(run);
    else this.#waiting.push(run);
  }

  /** Tells runs that nobody wants their results any more; all of them, or those of some calls of an execution. */
  abort(reason: Error, executionId?: string, taskIds: readonly number[] = []): void {
    if (executionId === undefined) for (const attempt of this.#wanted.values()) attempt?.abort(reason);
    else for (const taskId of taskIds) this.#wanted.get(keyOf(executionId, taskId))?.abort(reason);
  }

  /** Drops the runs that have not begun. */
  dropWaiting(): void {
    this.#waiting = [];
    this.#alone = 0;
  }

  #mayRun(): boolean {
    return this.#running < (this.#alone > 0 ? 1 : this.#ports.limits.maxConcurrentActivities);
  }

  /** Ends when the activity has ended and its result has been reported. Never rejects. */
  async #run(run: ActivityRun): Promise<void> {
    this.#running++;
    try {
      if (run.aloneAfter !== undefined) await run.aloneAfter();
    } catch (error) {
      this.#end(run);
      return this.#broken(error);
    }
    const attempt = new ActivityAttempt(this.#ports, run, this.#progressSaved);
    this.#wanted.set(keyOf(run.executionId, run.task.id), attempt);
    const result = await attempt.result();
    this.#end(run);
    this.#report(run, result);
  }

  #end(run: ActivityRun): void {
    this.#running--;
    if (run.aloneAfter !== undefined && this.#alone > 0) this.#alone--;
    this.#wanted.delete(keyOf(run.executionId, run.task.id));
    while (this.#waiting.length > 0 && this.#mayRun()) void this.#run(this.#waiting.shift() as ActivityRun);
  }
}

/** Every attempt of a call has a number of its own. */
function keyOf(executionId: string, taskId: number): string {
  return `${executionId}:${taskId}`;
}
