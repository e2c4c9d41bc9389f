import type { FailureDetails } from "../../model/failure.ts";
import type { ChildWorkflowInstanceCreated, HistoryEvent, TaskScheduled } from "../../model/history-event.ts";
import type { Bar, BarAttempt, BarStatus } from "../views.ts";

/*
 * The timeline of an execution: its history as bars, in the order in which they begin. Pure: whoever adds the same events gets the
 * same bars. All attempts of a call are one bar, and a pause between two of them is none of its own.
 */

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Drawn = Writable<Bar>;

/** Of a call that is retried for years, the last ones. */
const MAX_ATTEMPTS = 100;

/** A call that has no answer. */
export interface OpenCall {
  readonly bar: Bar;
  readonly attempt: number;
  /** That of the attempt before. */
  readonly failure: FailureDetails | undefined;
}

/** An activity or a child with all its attempts. */
class CallBar implements OpenCall {
  readonly bar: Drawn;
  readonly attempts: Writable<BarAttempt>[] = [];
  attempt = 0;
  failure: FailureDetails | undefined;

  constructor(bar: Drawn) {
    this.bar = bar;
  }

  begin({
    id,
    timestampMs,
    attempt = this.attempt + 1,
  }: HistoryEvent & (TaskScheduled | ChildWorkflowInstanceCreated)) {
    this.attempt = attempt;
    if (this.attempts.length === MAX_ATTEMPTS) this.attempts.shift();
    this.attempts.push({ id, attempt, status: "running", scheduledAtMs: timestampMs });
    if (timestampMs !== this.bar.scheduledAtMs) this.bar.startedAtMs = timestampMs;
    if (this.failure !== undefined) this.bar.attempts = this.attempts;
    this.bar.status = "running";
    this.bar.dueAtMs = undefined;
    this.bar.endedAtMs = undefined;
  }

  end(status: BarStatus, atMs: number, failure?: FailureDetails): void {
    const last = this.attempts.at(-1);
    this.failure = failure;
    const errorType = failure?.errorType;
    Object.assign(this.bar, { status, endedAtMs: atMs, errorType });
    if (last !== undefined) Object.assign(last, { status, endedAtMs: atMs, errorType });
  }

  pauseUntil(dueAtMs: number): void {
    const last = this.attempts.at(-1);
    if (last !== undefined) last.nextAttemptAtMs = dueAtMs;
    Object.assign(this.bar, { status: "retrying", endedAtMs: undefined, dueAtMs, attempts: this.attempts });
  }

  get isRetrying(): boolean {
    return this.bar.status === "retrying";
  }
}

export class Timeline {
  readonly bars: Drawn[] = [];
  endedAtMs: number | undefined;
  #turn: Drawn | undefined;
  /** By the number of each attempt. */
  readonly #calls = new Map<number, CallBar>();
  readonly #timers = new Map<number, Drawn | CallBar>();
  readonly #updates = new Map<string, Drawn>();
  #pause: Drawn | undefined;
  #stall: Drawn | undefined;

  /** The next event; `seq` is its number. */
  add(seq: number, event: HistoryEvent): void {
    const { timestampMs } = event;
    if (this.#turn?.scheduledAtMs !== timestampMs)
      this.#turn = this.#draw(seq, "turn", "completed", timestampMs, { endedAtMs: timestampMs, events: 0 });
    this.#turn.events = (this.#turn.events ?? 0) + 1;
    this.#addCall(seq, event);
    this.#addRest(seq, event);
  }

  /** Activities and children without an answer, those in a pause before another attempt too. */
  openCalls(): OpenCall[] {
    const open = [...new Set(this.#calls.values())].filter(({ bar }) => bar.endedAtMs === undefined);
    return open.filter(({ bar }) => bar.status !== "left");
  }

  /** Timers that have not fired, as far as events tell. `isOpen`: what memory knows of those that were called off. */
  openTimers(isOpen: (id: number, seq: number) => boolean = () => true): Bar[] {
    const open: Bar[] = [];
    for (const [id, timer] of this.#timers) {
      if (timer instanceof CallBar) continue;
      if (isOpen(id, timer.position)) open.push(timer);
      else timer.status = "canceled";
    }
    return open;
  }

  #addCall(seq: number, event: HistoryEvent): void {
    switch (event.type) {
      case "TaskScheduled":
      case "ChildWorkflowInstanceCreated":
        return this.#called(seq, event);
      case "TaskCompleted":
      case "ChildWorkflowInstanceCompleted":
        return this.#calls.get(event.id)?.end("completed", event.timestampMs);
      case "TaskFailed":
      case "ChildWorkflowInstanceFailed":
        return this.#calls.get(event.id)?.end("failed", event.timestampMs, event.failure);
      case "TimerCreated":
        return this.#timerCreated(seq, event);
      case "TimerFired": {
        const timer = this.#timers.get(event.id);
        this.#timers.delete(event.id);
        if (timer !== undefined && !(timer instanceof CallBar)) end(timer, "completed", event.timestampMs);
      }
    }
  }

  #called(seq: number, event: HistoryEvent & (TaskScheduled | ChildWorkflowInstanceCreated)): void {
    const { id, name, firstId = id, timestampMs } = event;
    const isChild = event.type === "ChildWorkflowInstanceCreated";
    // The first attempt may lie before the events that are looked at.
    const call =
      this.#calls.get(firstId) ??
      new CallBar(this.#draw(seq, isChild ? "child" : "activity", "running", timestampMs, { id: firstId, name }));
    if (isChild) call.bar.instanceId = event.instanceId;
    call.begin(event);
    this.#calls.set(firstId, call);
    this.#calls.set(id, call);
  }

  #timerCreated(seq: number, { id, fireAtMs, firstId, timestampMs }: Extract<HistoryEvent, { type: "TimerCreated" }>) {
    if (firstId === undefined) {
      this.#timers.set(id, this.#draw(seq, "timer", "waiting", timestampMs, { id, dueAtMs: fireAtMs }));
      return;
    }
    const call = this.#calls.get(firstId);
    call?.pauseUntil(fireAtMs);
    if (call !== undefined) this.#timers.set(id, call);
  }

  #addRest(seq: number, event: HistoryEvent): void {
    const atMs = event.timestampMs;
    switch (event.type) {
      case "EventRaised":
        return this.#happened(seq, "event", event);
      case "EventSent":
        return this.#happened(seq, "sent", event);
      case "DetachedWorkflowScheduled":
        return this.#happened(seq, "detached", event);
      case "ExecutionCancelRequested":
        return this.#happened(seq, "cancel", event);
      case "ExecutionTerminated":
        return this.#happened(seq, "terminate", event);
      case "UpdateRequested": {
        const { updateId, name } = event;
        this.#updates.set(updateId, this.#draw(seq, "update", "running", atMs, { name, updateId }));
        return;
      }
      case "UpdateCompleted":
        return end(this.#updates.get(event.updateId), "completed", atMs);
      case "UpdateFailed":
        return end(this.#updates.get(event.updateId), "failed", atMs, event.failure.errorType);
      case "ExecutionSuspended":
        this.#pause = this.#draw(seq, "pause", "waiting", atMs, {});
        return;
      case "ExecutionResumed":
        return end(this.#pause, "completed", atMs);
      case "ExecutionStalled":
        this.#stall = this.#draw(seq, "stall", "waiting", atMs, { name: event.reason });
        return;
      case "ExecutionUnstalled":
        return end(this.#stall, "completed", atMs);
      case "ExecutionCompleted":
        return this.#completed(atMs, event.status === "TERMINATED");
    }
  }

  /** Nobody waits any more. Activities that were called still run to their end, unless it was a terminate. */
  #completed(atMs: number, isTerminated: boolean): void {
    this.endedAtMs = atMs;
    for (const timer of this.#timers.values()) {
      if (!(timer instanceof CallBar)) end(timer, "canceled", atMs);
      else if (timer.isRetrying) timer.end("failed", timer.attempts.at(-1)?.endedAtMs ?? atMs, timer.failure);
    }
    this.#timers.clear();
    for (const open of [this.#pause, this.#stall]) if (open?.endedAtMs === undefined) end(open, "completed", atMs);
    for (const { bar } of this.openCalls()) if (isTerminated || bar.kind === "child") (bar as Drawn).status = "left";
  }

  #happened(
    seq: number,
    kind: Bar["kind"],
    { timestampMs, ...more }: HistoryEvent & { id?: number; name?: string; instanceId?: string },
  ): void {
    const { id, name, instanceId } = more;
    this.#draw(seq, kind, "completed", timestampMs, { endedAtMs: timestampMs, id, name, instanceId });
  }

  #draw(position: number, kind: Bar["kind"], status: BarStatus, scheduledAtMs: number, more: Partial<Bar>): Drawn {
    const bar: Drawn = { position, kind, status, scheduledAtMs, ...more };
    this.bars.push(bar);
    return bar;
  }
}

function end(bar: Drawn | undefined, status: BarStatus, atMs: number, errorType?: string): void {
  if (bar === undefined) return;
  bar.status = status;
  bar.endedAtMs = atMs;
  if (errorType !== undefined) bar.errorType = errorType;
}
