import type { InstancePorts } from "../ports.ts";
import { ActivityAttempt } from "./activity-attempt.ts";
import type { ActivityOwner, ActivityRun, Admission } from "./activity-run.ts";

/**
 * Runs activities inside the object, so many at a time. What it knows is only what has been since the object was loaded:
 * after a restart, the history tells which calls are open. A run that has begun is never called off; a result that nobody
 * wants any more is dropped by whoever gets it.
 */
export class ActivityRunner {
  readonly #ports: InstancePorts;
  readonly #owner: ActivityOwner;
  /** `undefined`: nothing is limited. */
  readonly #admission: Admission | undefined;
  readonly #running = new Set<ActivityAttempt>();
  /** Those of them whose activity has not been called yet. */
  readonly #preparing = new Set<ActivityAttempt>();
  #waiting: ActivityRun[] = [];
  #alone = 0;

  constructor(ports: InstancePorts, owner: ActivityOwner, admission?: Admission) {
    this.#ports = ports;
    this.#owner = owner;
    this.#admission = admission;
  }

  /** How many activities run or wait for their turn, of whatever execution. */
  get size(): number {
    return this.#running.size + this.#waiting.length;
  }

  isRunningFor(executionId: string): boolean {
    for (const { run, isDisowned } of this.#running) if (run.executionId === executionId && !isDisowned) return true;
    return this.#waiting.some((run) => run.executionId === executionId);
  }

  /** The calls of this execution that are running or waiting here. */
  tasksOf(executionId: string): Set<number> {
    const owned = [...this.#running].filter(({ isDisowned }) => !isDisowned);
    const runs = [...owned.map(({ run }) => run), ...this.#waiting];
    const known = new Set(runs.filter((run) => run.executionId === executionId).map(({ task }) => task.id));
    for (const id of this.#admission?.tasksOf(executionId) ?? []) known.add(id);
    return known;
  }

  start(run: ActivityRun): void {
    if (this.#admission?.holdsBack(run, () => this.#begin(run)) !== true) this.#begin(run);
  }

  #begin(run: ActivityRun): void {
    if (run.aloneAfter !== undefined) this.#alone++;
    if (this.#mayRun()) void this.#run(run);
    else this.#waiting.push(run);
  }

  /** Tells runs that nobody wants their results any more; all of them, or those of some calls of an execution. */
  abort(reason: Error, executionId?: string, taskIds: readonly number[] = []): void {
    if (executionId !== undefined) this.#admission?.abort(reason, executionId, taskIds);
    const unwanted = new Set(taskIds);
    for (const attempt of this.#running) {
      const { run } = attempt;
      if (executionId === undefined || (run.executionId === executionId && unwanted.has(run.task.id)))
        attempt.abort(reason);
    }
  }

  /** Runs of these calls are nothing to the execution any more: what becomes of them is not told. */
  disown(executionId: string, taskIds: readonly number[]): void {
    if (taskIds.length === 0) return;
    this.#admission?.disown(executionId, taskIds);
    const isUnwanted = (run: ActivityRun) => run.executionId === executionId && taskIds.includes(run.task.id);
    for (const run of this.#waiting) if (isUnwanted(run)) this.#admission?.ended(run);
    this.#waiting = this.#waiting.filter((run) => !isUnwanted(run));
    for (const attempt of this.#running) if (isUnwanted(attempt.run)) attempt.disown();
  }

  /** Drops the runs that have not begun. */
  dropWaiting(): void {
    this.#admission?.dropWaiting();
    const dropped = [...[...this.#preparing].map(({ run }) => run), ...this.#waiting];
    for (const attempt of this.#preparing) this.#running.delete(attempt);
    this.#preparing.clear();
    this.#waiting = [];
    this.#alone = 0;
    if (this.#admission !== undefined) for (const run of dropped) this.#admission.ended(run);
  }

  #mayRun(): boolean {
    return this.#running.size < (this.#alone > 0 ? 1 : this.#ports.limits.maxConcurrentActivities);
  }

  /** Ends when the activity has ended and its result has been reported, or it was dropped. Never rejects. */
  async #run(run: ActivityRun): Promise<void> {
    const attempt = new ActivityAttempt(this.#ports, run, this.#owner);
    this.#running.add(attempt);
    const first = run.aloneAfter ?? run.after;
    if ((first !== undefined || attempt.hasProgress) && !(await this.#prepare(attempt))) return;
    const result = await attempt.result();
    this.#end(attempt);
    if (!attempt.isDisowned) this.#owner.activityEnded(run, result);
  }

  /** What comes before the activity is called. False when it is not to be called: this has failed, or it was dropped meanwhile. */
  async #prepare(attempt: ActivityAttempt): Promise<boolean> {
    const { run } = attempt;
    this.#preparing.add(attempt);
    try {
      await (run.aloneAfter ?? run.after)?.();
      if (attempt.hasProgress) await attempt.openProgress();
      return this.#preparing.delete(attempt) && !attempt.isDisowned;
    } catch (error) {
      if (!this.#preparing.delete(attempt)) return false;
      this.#end(attempt);
      this.#owner.activityBroken(run, error);
      return false;
    }
  }

  #end(attempt: ActivityAttempt): void {
    this.#running.delete(attempt);
    this.#admission?.ended(attempt.run);
    if (attempt.run.aloneAfter !== undefined && this.#alone > 0) this.#alone--;
    while (this.#waiting.length > 0 && this.#mayRun()) void this.#run(this.#waiting.shift() as ActivityRun);
  }
}
