import type {
  ChildWorkflowInstanceCreated,
  ExecutionRewound,
  HistoryEvent,
  OfBranch,
  TaskScheduled,
} from "../../model/history-event.ts";
import type { BarStatus } from "../../model/timeline.ts";
import type { Bar } from "../views.ts";
import { CallBar, type Drawn } from "./call-bar.ts";

export type { OpenCall } from "./call-bar.ts";

/*
 * The timeline of an execution: its history as bars, in the order in which they begin. Pure: whoever adds the same events gets the
 * same bars. All attempts of a call are one bar, and a pause between two of them is none of its own.
 */

/** What ends where it begins. */
const AT_ONCE: Partial<Record<HistoryEvent["type"], Bar["kind"]>> = {
  EventRaised: "event",
  EventSent: "sent",
  ChildEventSent: "sent",
  ChildCancelRequested: "cancel",
  DetachedWorkflowScheduled: "detached",
  ExecutionCancelRequested: "cancel",
  ExecutionTerminated: "terminate",
  ExecutionRewound: "rewind",
  ExecutionVersionChanged: "version",
};

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
  /** What the end has closed. */
  #reopen: (() => void)[] = [];

  /** The next event; `seq` is its number. */
  add(seq: number, event: HistoryEvent): void {
    const { timestampMs } = event;
    if (this.#turn?.scheduledAtMs !== timestampMs)
      this.#turn = this.#draw(seq, "turn", "completed", timestampMs, { endedAtMs: timestampMs, events: 0 });
    this.#turn.events = (this.#turn.events ?? 0) + 1;
    this.#addCall(seq, event);
    const kind = AT_ONCE[event.type];
    if (kind !== undefined) this.#happened(seq, kind, event);
    this.#addRest(seq, event);
  }

  /** Activities and children without an answer, those in a pause before another attempt too. */
  openCalls(): CallBar[] {
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
        return this.#calls.get(event.id)?.end("completed", event.timestampMs, seq);
      case "TaskFailed":
      case "ChildWorkflowInstanceFailed":
        return this.#calls.get(event.id)?.end("failed", event.timestampMs, seq, event.failure);
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
    const { id, name, branch, firstId = id, timestampMs } = event;
    const isChild = event.type === "ChildWorkflowInstanceCreated";
    // The first attempt may lie before the events that are looked at.
    const call =
      this.#calls.get(firstId) ??
      new CallBar(
        this.#draw(seq, isChild ? "child" : "activity", "running", timestampMs, { id: firstId, name, branch }),
      );
    if (isChild) call.bar.instanceId = event.instanceId;
    call.begin(event);
    this.#calls.set(firstId, call);
    this.#calls.set(id, call);
  }

  #timerCreated(
    seq: number,
    { id, fireAtMs, firstId, branch, timestampMs }: Extract<HistoryEvent, { type: "TimerCreated" }>,
  ) {
    if (firstId === undefined) {
      this.#timers.set(id, this.#draw(seq, "timer", "waiting", timestampMs, { id, branch, dueAtMs: fireAtMs }));
      return;
    }
    const call = this.#calls.get(firstId);
    call?.pauseUntil(fireAtMs);
    if (call !== undefined) this.#timers.set(id, call);
  }

  #addRest(seq: number, event: HistoryEvent): void {
    const atMs = event.timestampMs;
    switch (event.type) {
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
      case "ExecutionRewound":
        return this.#rewound(event);
    }
  }

  /** Nobody waits any more. Activities that were called still run to their end, unless it was a terminate. */
  #completed(atMs: number, isTerminated: boolean): void {
    this.endedAtMs = atMs;
    this.#reopen = [];
    for (const [id, timer] of this.#timers) {
      this.#reopen.push(() => this.#timers.set(id, timer));
      if (!(timer instanceof CallBar)) this.#close(timer, { status: "canceled", endedAtMs: atMs });
      else if (timer.isRetrying)
        this.#close(timer.bar, { status: "failed", endedAtMs: timer.attempts.at(-1)?.endedAtMs ?? atMs });
    }
    this.#timers.clear();
    for (const open of [this.#pause, this.#stall]) if (open?.endedAtMs === undefined) end(open, "completed", atMs);
    for (const { bar } of this.openCalls())
      if (isTerminated || bar.kind === "child") this.#close(bar, { status: "left" });
  }

  /** Until a rewind opens it again. */
  #close(bar: Drawn, how: Partial<Bar>): void {
    const { status, endedAtMs } = bar;
    this.#reopen.push(() => Object.assign(bar, { status, endedAtMs }));
    Object.assign(bar, how);
  }

  /** The end is none, the answer that was fatal is taken back, and so is what the code has asked for since. */
  #rewound({ failedAt, askedFrom, answerStays, timestampMs }: HistoryEvent & ExecutionRewound): void {
    this.endedAtMs = undefined;
    for (const reopen of this.#reopen) reopen();
    for (const [id, timer] of this.#timers) {
      if (timer instanceof CallBar || timer.position < askedFrom) continue;
      this.#timers.delete(id);
      end(timer, "canceled", timestampMs);
    }
    for (const { bar } of this.openCalls()) if (bar.position >= askedFrom) bar.status = "left";
    const fatal = [...this.#calls.values()].find(({ endedAt }) => endedAt === failedAt);
    if (answerStays !== true && fatal?.bar.status === "failed") fatal.reopen(timestampMs);
  }

  #happened(
    seq: number,
    kind: Bar["kind"],
    {
      timestampMs,
      ...more
    }: HistoryEvent & OfBranch & { id?: number; name?: string; version?: string | undefined; instanceId?: string },
  ): void {
    const { id, version, name = version, instanceId, branch } = more;
    this.#draw(seq, kind, "completed", timestampMs, { endedAtMs: timestampMs, id, name, instanceId, branch });
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
