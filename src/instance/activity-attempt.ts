import { type ActivityCall, WorkflowActivityContext } from "../engine/activity-context.ts";
import { ActivityNotRegisteredError, withoutStack } from "../engine/errors.ts";
import { decodePayload, encodePayload } from "../engine/payload.ts";
import { describeFailure } from "../model/failure.ts";
import type { TaskCompleted, TaskFailed } from "../model/history-event.ts";
import { taskExecutionId } from "../model/ids.ts";
import type { ActivityRun } from "./activity-runner.ts";
import type { InstancePorts } from "./ports.ts";

/** They lie in one row, and go with each attempt. */
const MAX_PROGRESS_LENGTH = 65_536;

/** An attempt has taken too long. The activity may still run; nobody waits for it. */
export class ActivityTimeoutError extends Error {
  override readonly name = "ActivityTimeoutError";
}

/**
 * One run of an activity, until it ends or runs out of time, whichever comes first. Times are those of the call as the
 * history has it; a run after a restart has the whole time of its attempt again, but the deadline of the call stays.
 */
export class ActivityAttempt {
  readonly #ports: InstancePorts;
  readonly #run: ActivityRun;
  readonly #saved: (taskId: number) => void;
  /** Made when somebody asks for it: most activities do not. */
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  /** JSON of the details of the last heartbeat. */
  #progress: string | undefined;
  /** The same of the run before this one, as it is stored: perhaps encrypted. */
  readonly #formerProgress: string | undefined;
  #savedProgress: string | undefined;
  #callOffWrite: (() => void) | undefined;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #restartHeartbeatTimer: () => void = () => undefined;
  #isOver = false;

  /** `saved` hears of progress that has been written for a task. */
  constructor(ports: InstancePorts, run: ActivityRun, saved: (taskId: number) => void) {
    this.#ports = ports;
    this.#run = run;
    this.#saved = saved;
    this.#formerProgress = run.progress ?? run.task.progress;
  }

  /** Nobody wants the result any more. The activity is told, and goes on as it likes. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
  }

  get #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /** Never rejects. */
  async result(): Promise<TaskCompleted | TaskFailed> {
    const { id } = this.#run.task;
    const { timeout, callOff } = this.#startTimers();
    try {
      // Its time may have run out in a queue, or over a restart: it is not begun then.
      if (this.#isOverdue) await timeout;
      const result = timeout === undefined ? await this.#call() : await Promise.race([this.#call(), timeout]);
      return { type: "TaskCompleted", id, result: encodePayload(result ?? undefined) };
    } catch (error) {
      const progress = this.#progress === undefined ? this.#formerProgress : await this.#seal(this.#progress);
      return { type: "TaskFailed", id, failure: describeFailure(error), ...(progress !== undefined && { progress }) };
    } finally {
      this.#isOver = true;
      callOff();
      this.#callOffWrite?.();
    }
  }

  get #isOverdue(): boolean {
    return (this.#run.task.deadlineAtMs ?? Number.POSITIVE_INFINITY) <= this.#ports.clock.now();
  }

  async #call(): Promise<unknown> {
    const { instanceId, executionId, task } = this.#run;
    const activity = this.#ports.registry.activity(task.name);
    if (activity === undefined) throw new ActivityNotRegisteredError(task.name);
    const signal = () => this.#signal;
    const { vault } = this.#ports;
    const former = this.#formerProgress;
    const progress = former !== undefined && vault !== undefined ? await vault.open(former) : former;
    const call: ActivityCall = {
      instanceId,
      taskId: task.id,
      taskExecutionId: taskExecutionId(executionId, task.firstId ?? task.id),
      attempt: task.attempt ?? 1,
      get signal() {
        return signal();
      },
      progress: decodePayload(progress),
      heartbeat: (details) => this.#heartbeat(details),
    };
    return activity(new WorkflowActivityContext(call), decodePayload(task.input));
  }

  /** Rejects when the attempt has run out of time; `undefined` when it cannot. */
  #startTimers(): { timeout: Promise<never> | undefined; callOff: () => void } {
    const { timeoutMs, deadlineAtMs, heartbeatTimeoutMs, name } = this.#run.task;
    if (timeoutMs === undefined && deadlineAtMs === undefined && heartbeatTimeoutMs === undefined)
      return { timeout: undefined, callOff: () => undefined };
    const { clock } = this.#ports;
    const timers = new Map<string, () => void>();
    const timeout = new Promise<never>((_, reject) => {
      const set = (key: string, ms: number, what: string) => {
        timers.get(key)?.();
        const expire = () => {
          const error = withoutStack(new ActivityTimeoutError(`Activity '${name}' ${what}`));
          this.abort(error);
          reject(error);
        };
        timers.set(key, clock.schedule(ms, expire));
      };
      if (timeoutMs !== undefined) set("attempt", timeoutMs, `took longer than ${timeoutMs / 1000} s`);
      if (deadlineAtMs !== undefined) {
        const what = "with all its attempts took longer than its total timeout";
        set("call", Math.max(0, deadlineAtMs - clock.now()), what);
      }
      if (heartbeatTimeoutMs !== undefined) {
        const what = `sent no heartbeat for ${heartbeatTimeoutMs / 1000} s`;
        this.#restartHeartbeatTimer = () => set("heartbeat", heartbeatTimeoutMs, what);
        this.#restartHeartbeatTimer();
      }
    });
    timeout.catch(() => undefined);
    return { timeout, callOff: () => timers.forEach((callOff) => void callOff()) };
  }

  #heartbeat(details: unknown): void {
    if (this.#isOver) return;
    this.#restartHeartbeatTimer();
    if (details === undefined) return;
    const progress = encodePayload(details);
    if (progress !== undefined && progress.length > MAX_PROGRESS_LENGTH) {
      throw new RangeError(
        `The details of a heartbeat have at most ${MAX_PROGRESS_LENGTH} characters as JSON, and these ${progress.length}`,
      );
    }
    this.#progress = progress;
    const { clock, limits } = this.#ports;
    const waitMs = this.#lastWriteMs + limits.heartbeatWriteMs - clock.now();
    if (waitMs <= 0) this.#write();
    else this.#callOffWrite ??= clock.schedule(waitMs, () => this.#write());
  }

  #write(): void {
    this.#callOffWrite = undefined;
    if (this.#isOver || this.#progress === undefined || this.#progress === this.#savedProgress) return;
    if (!this.#run.isCurrent()) return;
    this.#lastWriteMs = this.#ports.clock.now();
    const progress = this.#progress;
    const sealed = this.#seal(progress);
    if (typeof sealed === "string") return this.#save(progress, sealed);
    // Nothing waits for it: progress is a help for the next run.
    void sealed.then(
      (stored) => this.#save(progress, stored),
      (error) => this.#couldNotSave(error),
    );
  }

  #seal(progress: string): string | Promise<string> {
    return this.#ports.vault === undefined ? progress : this.#ports.vault.seal(progress);
  }

  #save(progress: string, stored: string): void {
    if (this.#isOver || !this.#run.isCurrent()) return;
    try {
      this.#ports.store.saveProgress(this.#run.task.id, stored);
      this.#savedProgress = progress;
      this.#saved(this.#run.task.id);
    } catch (error) {
      this.#couldNotSave(error);
    }
  }

  /** The activity goes on without: the next beat tries again. */
  #couldNotSave(error: unknown): void {
    const errorType = error instanceof Error ? error.name : typeof error;
    this.#ports.log({ level: "warn", msg: "heartbeat", instanceId: this.#run.instanceId, errorType });
  }
}
