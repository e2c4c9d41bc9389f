import { type ActivityCall, WorkflowActivityContext } from "../../engine/activity-context.ts";
import { ActivityNotRegisteredError } from "../../engine/errors.ts";
import { describeFailure } from "../../model/failure.ts";
import type { TaskCompleted, TaskFailed } from "../../model/history-event.ts";
import { taskExecutionId } from "../../model/ids.ts";
import { errorFields } from "../log-text.ts";
import { spannedActivity } from "../native-spans.ts";
import type { InstancePorts } from "../ports.ts";
import { openText } from "../reading/index.ts";
import type { ActivityOwner, ActivityRun } from "./activity-run.ts";
import { type ActivityTimers, timersOf } from "./activity-timers.ts";

/** They lie in one row, and go with each attempt. */
const MAX_PROGRESS_LENGTH = 65_536;

/**
 * One run of an activity, until it ends or runs out of time, whichever comes first. Times are those of the call as the
 * history has it; a run after a restart has the whole time of its attempt again, but the deadline of the call stays.
 */
export class ActivityAttempt implements ActivityCall {
  readonly run: ActivityRun;
  readonly #ports: InstancePorts;
  readonly #owner: ActivityOwner;
  /** Made when somebody asks for it: most activities do not. */
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #timers: ActivityTimers | undefined;
  /** JSON of the details of the last heartbeat. */
  #progress: string | undefined;
  /** The same of the run before this one. */
  #formerProgress: string | undefined;
  #savedProgress: string | undefined;
  #callOffWrite: (() => void) | undefined;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #hasEnded = false;
  #isDisowned = false;

  constructor(ports: InstancePorts, run: ActivityRun, owner: ActivityOwner) {
    this.run = run;
    this.#ports = ports;
    this.#owner = owner;
  }

  // What the activity may ask.

  get instanceId(): string {
    return this.#ports.instanceId();
  }

  get taskId(): number {
    return this.run.task.id;
  }

  get taskExecutionId(): string {
    const { executionId, task } = this.run;
    return taskExecutionId(executionId, task.firstId ?? task.id);
  }

  get attempt(): number {
    return this.run.task.attempt ?? 1;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get progress(): unknown {
    return this.#ports.registry.payloads.decode(
      this.#formerProgress,
      "details",
      "heartbeat of activity",
      this.run.task.name,
    );
  }

  /** Nobody wants the result any more. The activity is told, and goes on as it likes. */
  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
  }

  /** The call that it runs for is not the execution's any more. */
  disown(): void {
    this.abort(new Error("The workflow was rewound to before this call"));
    this.#isDisowned = this.#hasEnded = true;
    this.#callOffWrite?.();
  }

  get isDisowned(): boolean {
    return this.#isDisowned;
  }

  /** What a run before this one has left, as it is stored. */
  get #storedProgress(): string | undefined {
    return this.run.progress ?? this.run.task.progress;
  }

  get hasProgress(): boolean {
    return this.#storedProgress !== undefined;
  }

  /** To be awaited first, where there is progress. Rejects with UnreadableError. */
  async openProgress(): Promise<void> {
    const stored = this.#storedProgress;
    if (stored !== undefined) this.#formerProgress = await openText(this.#ports, stored);
  }

  /** Never rejects. */
  async result(): Promise<TaskCompleted | TaskFailed> {
    const { task } = this.run;
    try {
      this.#timers = timersOf(task, this.#ports.clock, this);
      // Its time may have run out in a queue, or over a restart: it is not begun then.
      if (this.#isOverdue) await this.#timers?.expired;
      const result = await (this.#timers === undefined
        ? this.#call()
        : Promise.race([this.#call(), this.#timers.expired]));
      const encoded = this.#ports.registry.payloads.encode(result, "result", "activity", task.name);
      return { type: "TaskCompleted", id: task.id, result: encoded };
    } catch (error) {
      return this.#failed(error, this.#storedProgress);
    } finally {
      this.#hasEnded = true;
      this.#timers?.callOff();
      this.#callOffWrite?.();
    }
  }

  async #failed(error: unknown, formerProgress: string | undefined): Promise<TaskFailed> {
    const failure = describeFailure(error);
    let progress = formerProgress;
    try {
      if (this.#progress !== undefined) progress = await this.#seal(this.#progress);
    } catch (cause) {
      this.#couldNotSave(cause);
    }
    return { type: "TaskFailed", id: this.taskId, failure, ...(progress !== undefined && { progress }) };
  }

  get #isOverdue(): boolean {
    const { deadlineAtMs } = this.run.task;
    return deadlineAtMs !== undefined && deadlineAtMs <= this.#ports.clock.now();
  }

  /** What the activity returns, a promise or not. Throws what it throws at once. */
  #call(): unknown {
    const { name, input } = this.run.task;
    const { registry } = this.#ports;
    const activity = registry.activity(name);
    if (activity === undefined) throw new ActivityNotRegisteredError(name, registry.names().activities);
    const decoded = registry.payloads.decode(input, "input", "activity", name);
    return spannedActivity(this.#ports.spanned, this, name, () => activity(new WorkflowActivityContext(this), decoded));
  }

  heartbeat(details: unknown): void {
    if (this.#hasEnded) return;
    this.#timers?.heartbeat();
    if (details === undefined) return;
    const { registry } = this.#ports;
    const progress = registry.payloads.encode(details, "details", "heartbeat of activity", this.run.task.name);
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
    if (this.#hasEnded || this.#progress === undefined || this.#progress === this.#savedProgress) return;
    if (!this.#owner.isCurrent(this.run.executionId)) return;
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
    if (this.#hasEnded || !this.#owner.isCurrent(this.run.executionId)) return;
    try {
      this.#ports.store.saveProgress(this.taskId, stored);
      this.#savedProgress = progress;
      this.#owner.progressSaved(this.taskId);
    } catch (error) {
      this.#couldNotSave(error);
    }
  }

  /** The activity goes on without: the next beat tries again. */
  #couldNotSave(error: unknown): void {
    this.#ports.log({
      level: "warn",
      msg: "heartbeat",
      instanceId: this.instanceId,
      ...errorFields(this.#ports, error),
    });
  }
}
