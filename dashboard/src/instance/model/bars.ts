import type { BarKind, BarStatus, HistoryEvent, WireAttempt, WireBar, WireTimeline } from "./wire.ts";

/*
 * The bars of a timeline, which begin as the server has drawn them and go on with the events that are watched.
 *
 *   B1  Bars that were drawn by the server up to any event, and then given the events behind it, are those that the server draws of the whole.
 *   B2  An event that the bars already know changes nothing, so what comes twice counts once.
 *   B3  A rewind takes back what only the whole history tells: bars that were not drawn of it answer "read again", and so they do where an
 *       event is missing.
 */

export interface Bar {
  readonly position: number;
  readonly kind: BarKind;
  readonly id?: number | undefined;
  readonly name?: string | undefined;
  readonly branch?: string | undefined;
  readonly updateId?: string | undefined;
  readonly scheduledMs: number;
  instanceId?: string | undefined;
  status: BarStatus;
  startedMs?: number | undefined;
  endedMs?: number | undefined;
  dueMs?: number | undefined;
  errorType?: string | undefined;
  /** Of a call that was tried more than once. */
  attempts?: Attempt[] | undefined;
  events?: number | undefined;
}

export interface Attempt {
  readonly id: number;
  readonly attempt: number;
  readonly scheduledMs: number;
  status: BarStatus;
  endedMs?: number | undefined;
  errorType?: string | undefined;
  nextAttemptMs?: number | undefined;
}

export type Added = "added" | "known" | "read again";

const AT_ONCE: Partial<Record<HistoryEvent["type"], BarKind>> = {
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

/** As the server keeps them of a call. */
const MAX_ATTEMPTS = 100;

export class Bars {
  readonly executionId: string;
  /** In the order in which they begin. */
  readonly all: Bar[] = [];
  /** The number of the event that comes next. */
  next = 0;
  /** What names the page of earlier bars. */
  earlier: string | undefined;
  endedMs: number | undefined;
  /** Of each call that is open, by the ID of each of its attempts. */
  readonly #calls = new Map<number, Bar>();
  readonly #timers = new Map<number, Bar>();
  readonly #updates = new Map<string, Bar>();
  readonly #known = new Set<string>();
  /** The last. */
  #turn: Bar | undefined;
  /** Of each call that was answered: the number of the answer. Only where all events were added one by one. */
  readonly #answers: Map<Bar, number> | undefined;
  /** What the end has closed. */
  #reopen: (() => void)[] = [];

  constructor(executionId: string, isWhole = false) {
    this.executionId = executionId;
    if (isWhole) this.#answers = new Map();
  }

  /** Of a history from its first event. */
  static ofHistory(executionId: string, events: readonly HistoryEvent[]): Bars {
    const bars = new Bars(executionId, true);
    for (const [position, event] of events.entries()) bars.add(position, event);
    return bars;
  }

  /** Of the newest page of a timeline. Every event is one of a turn, so the last of these tells how many there are. */
  static of(page: WireTimeline): Bars {
    const bars = new Bars(page.executionId);
    bars.addPage(page);
    if (bars.#turn !== undefined) bars.next = bars.#turn.position + (bars.#turn.events ?? 1);
    return bars;
  }

  /** Bars from before. What is here already has seen more than the page; `meanwhile`: what the page may not have seen. */
  addPage(
    { bars, continuationToken }: WireTimeline,
    meanwhile: readonly { readonly position: number; readonly event: HistoryEvent }[] = [],
  ): void {
    this.earlier = continuationToken;
    for (const wire of bars) {
      const key = keyOf(wire);
      if (this.#known.has(key)) continue;
      this.#known.add(key);
      const bar = barOf(wire);
      this.all.push(bar);
      this.#remember(bar);
    }
    this.all.sort((one, other) => one.position - other.position || rank(one) - rank(other));
    for (const { event } of meanwhile) this.#end(event);
  }

  add(position: number, event: HistoryEvent): Added {
    if (position < this.next) return "known";
    if (position > this.next) return "read again";
    if (event.type === "ExecutionRewound" && this.#answers === undefined) return "read again";
    this.next++;
    const { timestampMs } = event;
    const turn = this.#turn;
    if (turn?.scheduledMs === timestampMs) turn.events = (turn.events ?? 0) + 1;
    else this.#draw(position, "turn", "completed", timestampMs, { endedMs: timestampMs, events: 1 });
    this.#apply(position, event);
    return "added";
  }

  /** No event tells that the code has called off a timer: those are open that a description names, which has seen so many events. */
  callOff(open: ReadonlySet<number>, events: number): void {
    for (const [id, timer] of this.#timers) {
      if (open.has(id) || timer.position >= events) continue;
      timer.status = "canceled";
      this.#timers.delete(id);
    }
  }

  #apply(position: number, event: HistoryEvent): void {
    const { timestampMs } = event;
    const kind = AT_ONCE[event.type];
    if (kind !== undefined) {
      const told = event as { id?: number; name?: string; branch?: string; version?: string; instanceId?: string };
      const { id, name = told.version, branch, instanceId } = told;
      this.#draw(position, kind, "completed", timestampMs, { endedMs: timestampMs, id, name, branch, instanceId });
    }
    switch (event.type) {
      case "TaskScheduled":
        return this.#called(position, event, "activity");
      case "ChildWorkflowInstanceCreated":
        return this.#called(position, event, "child", event.instanceId);
      case "TimerCreated":
        if (event.firstId !== undefined) return this.#paused(event.firstId, event.fireAtMs);
        this.#draw(position, "timer", "waiting", timestampMs, {
          id: event.id,
          branch: event.branch,
          dueMs: event.fireAtMs,
        });
        return;
      case "UpdateRequested": {
        const { updateId, name } = event;
        this.#draw(position, "update", "running", timestampMs, { name, updateId });
        return;
      }
      case "ExecutionSuspended":
        this.#draw(position, "pause", "waiting", timestampMs, {});
        return;
      case "ExecutionStalled":
        this.#draw(position, "stall", "waiting", timestampMs, { name: event.reason });
        return;
      case "ExecutionCompleted":
        return this.#completed(timestampMs, event.status === "TERMINATED");
      case "ExecutionRewound":
        return this.#rewound(event);
      default:
        if ("id" in event) this.#noteAnswer(event.id, position);
        this.#end(event);
    }
  }

  /** What ends a bar; twice it is the same. */
  #end(event: HistoryEvent): void {
    const { timestampMs } = event;
    switch (event.type) {
      case "TaskCompleted":
      case "ChildWorkflowInstanceCompleted":
        return this.#answered(event.id, "completed", timestampMs);
      case "TaskFailed":
      case "ChildWorkflowInstanceFailed":
        return this.#answered(event.id, "failed", timestampMs, event.failure.errorType);
      case "TimerFired":
        end(this.#timers.get(event.id), "completed", timestampMs);
        this.#timers.delete(event.id);
        return;
      case "UpdateCompleted":
        return end(this.#updates.get(event.updateId), "completed", timestampMs);
      case "UpdateFailed":
        return end(this.#updates.get(event.updateId), "failed", timestampMs, event.failure.errorType);
      case "ExecutionResumed":
        return end(this.#last("pause"), "completed", timestampMs);
      case "ExecutionUnstalled":
        return end(this.#last("stall"), "completed", timestampMs);
    }
  }

  #called(
    position: number,
    event: HistoryEvent & { type: "TaskScheduled" | "ChildWorkflowInstanceCreated" },
    kind: BarKind,
    instanceId?: string,
  ): void {
    const { id, name, branch, firstId = id, timestampMs } = event;
    const known = this.#calls.get(firstId);
    const bar = known ?? this.#draw(position, kind, "running", timestampMs, { id: firstId, name, branch });
    const { attempt = known === undefined ? 1 : attemptsOf(known).length + 1 } = event;
    if (instanceId !== undefined) bar.instanceId = instanceId;
    this.#calls.set(firstId, bar);
    this.#calls.set(id, bar);
    if (known !== undefined) {
      const attempts = attemptsOf(known);
      if (attempts.length === MAX_ATTEMPTS) attempts.shift();
      attempts.push({ id, attempt, status: "running", scheduledMs: timestampMs });
      known.attempts = attempts;
      if (timestampMs !== known.scheduledMs) known.startedMs = timestampMs;
    } else if (attempt > 1) {
      bar.attempts = [{ id, attempt, status: "running", scheduledMs: timestampMs }];
    }
    bar.status = "running";
    bar.dueMs = undefined;
    bar.endedMs = undefined;
  }

  #answered(id: number, status: BarStatus, atMs: number, errorType?: string): void {
    const bar = this.#calls.get(id);
    if (bar === undefined) return;
    const last = bar.attempts?.at(-1);
    for (const one of last === undefined ? [bar] : [bar, last]) {
      one.status = status;
      one.endedMs = atMs;
      one.errorType = errorType;
    }
  }

  #paused(firstId: number, dueMs: number): void {
    const bar = this.#calls.get(firstId);
    if (bar === undefined) return;
    const attempts = attemptsOf(bar);
    const last = attempts.at(-1);
    if (last !== undefined) last.nextAttemptMs = dueMs;
    bar.attempts = attempts;
    bar.status = "retrying";
    bar.endedMs = undefined;
    bar.dueMs = dueMs;
  }

  /** As the server has it: nobody waits any more, and activities run to their end unless it was a terminate. */
  #completed(atMs: number, isTerminated: boolean): void {
    this.endedMs = atMs;
    this.#reopen = [];
    for (const [id, timer] of this.#timers) {
      this.#reopen.push(() => this.#timers.set(id, timer));
      this.#close(timer, { status: "canceled", endedMs: atMs });
    }
    this.#timers.clear();
    for (const kind of ["pause", "stall"] as const) {
      const open = this.#last(kind);
      if (open?.endedMs === undefined) end(open, "completed", atMs);
    }
    for (const bar of new Set(this.#calls.values())) {
      if (bar.status === "retrying")
        this.#close(bar, { status: "failed", endedMs: bar.attempts?.at(-1)?.endedMs ?? atMs });
      else if (bar.endedMs === undefined && (isTerminated || bar.kind === "child"))
        this.#close(bar, { status: "left" });
    }
  }

  /** Until a rewind opens it again. */
  #close(bar: Bar, how: Pick<Bar, "status"> & Partial<Bar>): void {
    const { status, endedMs } = bar;
    this.#reopen.push(() => Object.assign(bar, { status, endedMs }));
    Object.assign(bar, how);
  }

  #noteAnswer(id: number, position: number): void {
    const bar = this.#calls.get(id);
    if (bar !== undefined) this.#answers?.set(bar, position);
  }

  /** As the server has it: the end is none, the fatal answer is taken back, and so is what the code has asked for since. */
  #rewound({ failedAt, askedFrom, answerStays, timestampMs }: HistoryEvent & { type: "ExecutionRewound" }): void {
    this.endedMs = undefined;
    for (const reopen of this.#reopen) reopen();
    this.#reopen = [];
    for (const [id, timer] of this.#timers) {
      if (timer.position < askedFrom) continue;
      this.#timers.delete(id);
      end(timer, "canceled", timestampMs);
    }
    for (const bar of new Set(this.#calls.values()))
      if (bar.endedMs === undefined && bar.position >= askedFrom) bar.status = "left";
    const fatal = [...(this.#answers ?? [])].find(([, answer]) => answer === failedAt)?.[0];
    if (answerStays === true || fatal?.status !== "failed") return;
    const attempts = attemptsOf(fatal);
    const { id = fatal.id ?? 0, attempt = 1 } = attempts.at(-1) ?? {};
    attempts.push({ id, attempt, status: "running", scheduledMs: timestampMs });
    Object.assign(fatal, { status: "running", startedMs: timestampMs, endedMs: undefined, attempts });
  }

  #draw(position: number, kind: BarKind, status: BarStatus, scheduledMs: number, more: Partial<Bar>): Bar {
    const bar: Bar = { position, kind, status, scheduledMs, ...more };
    this.#known.add(keyOf(bar));
    this.all.push(bar);
    this.#remember(bar);
    return bar;
  }

  #remember(bar: Bar): void {
    const { kind, id, updateId } = bar;
    if (kind === "turn" && bar.position >= (this.#turn?.position ?? 0)) this.#turn = bar;
    if (updateId !== undefined) this.#updates.set(updateId, bar);
    if (id === undefined) return;
    if (kind === "timer" && bar.status === "waiting") this.#timers.set(id, bar);
    if (kind !== "activity" && kind !== "child") return;
    this.#calls.set(id, bar);
    for (const attempt of bar.attempts ?? []) this.#calls.set(attempt.id, bar);
  }

  #last(kind: BarKind): Bar | undefined {
    return this.all.findLast((bar) => bar.kind === kind);
  }
}

/** The attempts of a call, also of one that was tried once. */
export function attemptsOf({ id = 0, attempts, status, scheduledMs, endedMs, errorType }: Bar): Attempt[] {
  return attempts ?? [{ id, attempt: 1, status, scheduledMs, endedMs, errorType }];
}

function end(bar: Bar | undefined, status: BarStatus, atMs: number, errorType?: string): void {
  if (bar === undefined) return;
  bar.status = status;
  bar.endedMs = atMs;
  if (errorType !== undefined) bar.errorType = errorType;
}

function keyOf({ kind, position }: Pick<Bar, "kind" | "position">): string {
  return kind === "turn" ? `turn ${position}` : String(position);
}

/** A turn stands before what it begins with. */
function rank({ kind }: Bar): number {
  return kind === "turn" ? 0 : 1;
}

function barOf({ scheduled, started, ended, due, attempts, instanceID, updateID, ...rest }: WireBar): Bar {
  return {
    ...rest,
    instanceId: instanceID,
    updateId: updateID,
    scheduledMs: Date.parse(scheduled),
    startedMs: started === undefined ? undefined : Date.parse(started),
    endedMs: ended === undefined ? undefined : Date.parse(ended),
    dueMs: due === undefined ? undefined : Date.parse(due),
    attempts: attempts?.map(attemptOf),
  };
}

function attemptOf({ scheduled, ended, nextAttempt, ...rest }: WireAttempt): Attempt {
  return {
    ...rest,
    scheduledMs: Date.parse(scheduled),
    endedMs: ended === undefined ? undefined : Date.parse(ended),
    nextAttemptMs: nextAttempt === undefined ? undefined : Date.parse(nextAttempt),
  };
}
