import { WorkflowActivityContext } from "../engine/activity-context.ts";
import { ActivityNotRegisteredError } from "../engine/errors.ts";
import { decodePayload, encodePayload } from "../engine/payload.ts";
import { describeFailure } from "../model/failure.ts";
import type { TaskCompleted, TaskFailed, TaskScheduled } from "../model/history-event.ts";
import { taskExecutionId } from "../model/ids.ts";
import type { InstancePorts } from "./ports.ts";

/** A call of an activity, of one execution of an instance. */
export interface ActivityRun {
  readonly instanceId: string;
  readonly executionId: string;
  readonly task: TaskScheduled;
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
  /** Runs whose result is wanted, running and waiting, by task execution ID. */
  readonly #wanted = new Set<string>();
  #waiting: ActivityRun[] = [];
  #running = 0;
  #alone = 0;

  /** `report` gets each result; `broken` is told why a run could not even begin. */
  constructor(
    ports: InstancePorts,
    report: (run: ActivityRun, result: TaskCompleted | TaskFailed) => void,
    broken: (error: unknown) => void,
  ) {
    this.#ports = ports;
    this.#report = report;
    this.#broken = broken;
  }

  /** How many activities run or wait for their turn, of whatever execution. */
  get size(): number {
    return this.#running + this.#waiting.length;
  }

  /** Whether this call is running or waiting here already. */
  has(executionId: string, taskId: number): boolean {
    return this.#wanted.has(taskExecutionId(executionId, taskId));
  }

  start(run: ActivityRun): void {
    this.#wanted.add(taskExecutionId(run.executionId, run.task.id));
    if (run.aloneAfter !== undefined) this.#alone++;
    if (this.#mayRun()) void this.#run(run);
    else this.#waiting.push(run);
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
    const result = await this.#call(run);
    this.#end(run);
    this.#report(run, result);
  }

  #end(run: ActivityRun): void {
    this.#running--;
    if (run.aloneAfter !== undefined && this.#alone > 0) this.#alone--;
    this.#wanted.delete(taskExecutionId(run.executionId, run.task.id));
    while (this.#waiting.length > 0 && this.#mayRun()) void this.#run(this.#waiting.shift() as ActivityRun);
  }

  async #call({ instanceId, executionId, task }: ActivityRun): Promise<TaskCompleted | TaskFailed> {
    try {
      const activity = this.#ports.registry.activity(task.name);
      if (activity === undefined) throw new ActivityNotRegisteredError(task.name);
      const context = new WorkflowActivityContext({
        instanceId,
        taskId: task.id,
        taskExecutionId: taskExecutionId(executionId, task.id),
      });
      const result = await activity(context, decodePayload(task.input));
      return { type: "TaskCompleted", id: task.id, result: encodePayload(result ?? undefined) };
    } catch (error) {
      return { type: "TaskFailed", id: task.id, failure: describeFailure(error) };
    }
  }
}
