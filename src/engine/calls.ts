import type { Action, Call, Note, ScheduleActivity } from "../model/action.ts";
import type { FailureDetails } from "../model/failure.ts";
import type { AttemptDetails } from "../model/history-event.ts";
import type { Answered } from "./answers.ts";
import { type AttemptCalls, type AttemptOwner, Attempts, type CallMethod, type RetriedCall } from "./attempts.ts";
import { CodeWatch } from "./code-watch.ts";
import { CancelableTask, CompletableTask } from "./completable-task.ts";
import { type NonDeterminismError, TaskCanceledError, TaskTimeoutError } from "./errors.ts";
import { compareCall, updateNotEnded } from "./non-determinism.ts";
import type { RecordedCall } from "./records.ts";
import type { Task } from "./task.ts";

/** What calls need of their execution. */
export interface CallOwner extends AttemptOwner {
  readonly instanceId: string;
  /** The name of the branch whose code is at work. */
  readonly branch: string | undefined;
  /** A timer of the history is not waited for any more. */
  readonly timerCanceled: (id: number) => void;
}

/**
 * The calls of one execution: numbers them from 1, keeps what has been asked for and not recorded (`actions`), and hands
 * each answer to the task that waits for it, at most once. A retry is a durable timer, and a call under a new number.
 */
export class Calls implements AttemptCalls {
  readonly actions = new Map<number | string, Action>();
  readonly watch: CodeWatch;
  readonly #owner: CallOwner;
  readonly #open = new Map<number, Answered>();
  /** Tasks that may never have been waited for. */
  #made: Task[] = [];
  #sweepAt = 64;
  #lastId = 0;
  /** How many of `actions` were asked for before the event that is applied now, and the number of the first call since. */
  #askedBefore = 0;
  #firstSince = 1;
  /** Calls up to this number are not retried any more: the workflow has been asked to end. */
  #noRetryUpTo = 0;
  #isClosed = false;

  constructor(owner: CallOwner) {
    this.#owner = owner;
    this.watch = new CodeWatch(owner.instanceId, this);
  }

  /** What the code calls from here on is numbered and not asked for: its execution is over. */
  close(): void {
    this.#isClosed = true;
  }

  stopRetries(): void {
    this.#noRetryUpTo = this.#lastId;
  }

  /** The next event is applied. */
  beginEvent(): void {
    this.#askedBefore = this.actions.size;
    this.#firstSince = this.nextId;
  }

  /** How many of `actions`, which are in order, were asked for before the event that was applied last. */
  get askedBefore(): number {
    return this.#askedBefore;
  }

  /** The number of the next call. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** One numbered call, of the code that is at work, or of a branch. Returns its number. */
  ask(answered: Answered | undefined, action: (id: number) => Call, branch = this.#owner.branch): number {
    const id = this.nextId;
    this.#lastId = id;
    if (!this.#isClosed) {
      if (answered !== undefined) this.#open.set(id, answered);
      this.actions.set(id, branch === undefined ? action(id) : { ...action(id), branch });
    }
    return id;
  }

  /** Something to be recorded that has no number; also of an execution that is over. */
  note(note: Note): void {
    this.actions.set(note.type === "EndUpdate" ? updateKey(note.updateId) : `patch ${note.name}`, note);
  }

  /** One attempt, whose answer is the task's. `method` and `name` are those of the code's call. */
  callOnce(method: CallMethod, name: string, action: (id: number) => Call): Task {
    const task = this.made(new CompletableTask(), method, name);
    this.ask(task, action);
    return task;
  }

  call(call: RetriedCall): Task {
    if (call.retry === undefined) return this.callOnce(call.method, call.name, (id) => call.action(id, noDetails));
    const task = this.made(new CompletableTask(), call.method, call.name);
    new Attempts(this, this.#owner, task, call).begin();
    return task;
  }

  timer(fireAtMs: number): CancelableTask {
    const timer = this.made(new CancelableTask("The timer"), "createTimer", undefined);
    this.#timerFor(timer, fireAtMs);
    return timer;
  }

  /** Fails the wait with a TaskTimeoutError unless it ends before. */
  limit(wait: CancelableTask, fireAtMs: number, message: string): void {
    const timer = new CancelableTask("The timer");
    this.#timerFor(timer, fireAtMs);
    wait.onEnd(() => void timer.cancel());
    timer.onEnd(() => void wait.endWith(new TaskTimeoutError(message)));
  }

  #timerFor(timer: CancelableTask, fireAtMs: number): void {
    const id = this.ask(timer, (id) => ({ type: "CreateTimer", id, fireAtMs }));
    timer.onEnd(() => this.timerEnded(id));
  }

  /** A timer that is still open here has not fired: it was canceled. */
  timerEnded(id: number): void {
    if (!this.#open.delete(id)) return;
    if (!this.actions.delete(id)) this.#owner.timerCanceled(id);
    else if (id < this.#firstSince) this.#askedBefore--;
  }

  /** The number of the open call whose answer the task gets. */
  idOf(task: Task): number | undefined {
    const isOf = (answered: unknown) => answered === task;
    for (const [id, answered] of this.#open) if (isOf(answered.task ?? answered)) return id;
    return undefined;
  }

  /** The same for all tasks of open calls. */
  get ids(): ReadonlyMap<unknown, number> {
    return new Map([...this.#open].map(([id, answered]) => [answered.task ?? answered, id]));
  }

  /** An activity has failed and is, or will be, called again. */
  get isRetrying(): boolean {
    for (const { isRetried } of this.#open.values()) if (isRetried) return true;
    return false;
  }

  /** The answer to a call, or nothing when it has been answered before. */
  take(id: number): Answered | undefined {
    const answered = this.#open.get(id);
    this.#open.delete(id);
    return answered;
  }

  /**
   * The history says that the code made this call: it is asked for no more. The error when the code did not; `failure` is how
   * the code has ended, if it has failed.
   */
  confirm(event: RecordedCall, historyIndex: number, failure?: FailureDetails): NonDeterminismError | undefined {
    const call = this.actions.get(event.id) as Call | undefined;
    const error = compareCall(event, call, historyIndex, failure);
    if (error !== undefined) return error;
    this.actions.delete(event.id);
    if (event.type === "ChildWorkflowInstanceCreated") this.#open.get(event.id)?.recordedAs?.(event.instanceId);
    return undefined;
  }

  confirmUpdateEnd(updateId: string, historyIndex: number): NonDeterminismError | undefined {
    return this.actions.delete(updateKey(updateId)) ? undefined : updateNotEnded(updateId, historyIndex);
  }

  /** Times of what has been asked for that are over by now are put off. */
  putOff(nowMs: number, delayMs: number): void {
    for (const [key, action] of this.actions) {
      if (action.type === "CreateTimer" && action.fireAtMs <= nowMs)
        this.actions.set(key, { ...action, fireAtMs: action.fireAtMs + delayMs });
      const { deadlineAtMs } = action.type === "ScheduleActivity" ? action : noDetails;
      if (deadlineAtMs !== undefined && deadlineAtMs <= nowMs)
        this.actions.set(key, { ...(action as ScheduleActivity), deadlineAtMs: deadlineAtMs + delayMs });
    }
  }

  /** What has been asked for and not recorded, in order. Forgets it. */
  takeActions(): Action[] {
    if (this.actions.size === 0) return [];
    const actions = [...this.actions.values()];
    this.actions.clear();
    return actions;
  }

  /** Drops what has been asked for, but for these kinds. */
  keepOnly(...types: readonly Action["type"][]): void {
    for (const [key, { type }] of this.actions) if (!types.includes(type)) this.actions.delete(key);
    this.#askedBefore = 0;
  }

  /** Drops what the code has called from this number on. */
  dropFrom(firstId: number): void {
    for (const id of this.actions.keys()) if (typeof id === "number" && id >= firstId) this.actions.delete(id);
  }

  /** A task for the code: remembered until it is known to be waited for. */
  made<T extends Task>(task: T, method: string, name: string | undefined): T {
    task.made(this.watch, method, name);
    if (this.#made.length >= this.#sweepAt) {
      this.#made = this.#made.filter((made) => !made.wasHeld);
      this.#sweepAt = Math.max(64, 2 * this.#made.length);
    }
    this.#made.push(task);
    return task;
  }

  /** How many tasks the code has made and never waited for. */
  get unheld(): number {
    return this.#made.filter((task) => !task.wasHeld && !isCanceled(task)).length;
  }

  mayRetry(firstId: number): boolean {
    return !this.#isClosed && firstId > this.#noRetryUpTo;
  }
}

const noDetails: AttemptDetails = {};

function isCanceled(task: Task): boolean {
  return task.isFailed && task.getException() instanceof TaskCanceledError;
}

function updateKey(updateId: string): string {
  return `update ${updateId}`;
}
