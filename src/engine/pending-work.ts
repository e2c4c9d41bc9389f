import type { ChildWorkflowInstanceCreated, HistoryFact, TaskScheduled } from "../model/history-event.ts";
import type { FailedAnswer } from "./rewind.ts";

/**
 * What an execution has asked for and not yet been answered, as its history tells. Needs no storage of its own.
 * A resolution is accepted only while its call is here, which is what makes a second delivery harmless.
 */
export class PendingWork {
  readonly activities = new Map<number, TaskScheduled>();
  readonly children = new Map<number, ChildWorkflowInstanceCreated>();
  readonly #timers = new Map<number, number>();
  /** `undefined`: not known, look; the timers rarely change, and every turn asks. */
  #nextTimerAtMs: number | undefined = Number.POSITIVE_INFINITY;

  /** Whether the fact answers a call that is still open. Facts that answer nothing are not asked about. */
  accepts(fact: HistoryFact): boolean {
    switch (fact.type) {
      case "TaskCompleted":
      case "TaskFailed":
        return this.activities.has(fact.id);
      case "TimerFired":
        return this.#timers.has(fact.id);
      case "ChildWorkflowInstanceCompleted":
      case "ChildWorkflowInstanceFailed":
        return this.children.has(fact.id);
      default:
        return true;
    }
  }

  apply(fact: HistoryFact): void {
    switch (fact.type) {
      case "TaskScheduled":
        this.activities.set(fact.id, fact);
        return;
      case "TaskCompleted":
      case "TaskFailed":
        this.activities.delete(fact.id);
        return;
      case "TimerCreated":
        this.#timers.set(fact.id, fact.fireAtMs);
        if (this.#nextTimerAtMs !== undefined && fact.fireAtMs < this.#nextTimerAtMs)
          this.#nextTimerAtMs = fact.fireAtMs;
        return;
      case "TimerFired":
        this.dropTimer(fact.id);
        return;
      case "ChildWorkflowInstanceCreated":
        this.children.set(fact.id, fact);
        return;
      case "ChildWorkflowInstanceCompleted":
      case "ChildWorkflowInstanceFailed":
        this.children.delete(fact.id);
        return;
      case "ExecutionCompleted":
        // Nobody waits any more. Activities that were called still run to their end, unless it was a terminate.
        this.#timers.clear();
        this.#nextTimerAtMs = Number.POSITIVE_INFINITY;
        if (fact.status === "TERMINATED") this.activities.clear();
        return;
    }
  }

  /**
   * Its answer is taken back: it is made once more, in the same attempt. The time that the call had with all its attempts is over, so it
   * has none any more.
   */
  reopen({ id, ...answer }: FailedAnswer): void {
    const task = this.activities.get(id);
    if (task === undefined) return;
    const { deadlineAtMs: _, ...rest } = task;
    const progress = "progress" in answer ? answer.progress : undefined;
    this.activities.set(id, progress === undefined ? rest : { ...rest, progress });
  }

  hasTimer(id: number): boolean {
    return this.#timers.has(id);
  }

  /** It has fired, or the workflow has canceled it. */
  dropTimer(id: number): void {
    this.#timers.delete(id);
    this.#nextTimerAtMs = undefined;
  }

  timerAtMs(id: number): number | undefined {
    return this.#timers.get(id);
  }

  /** When the first open timer is due, in milliseconds since 1970; infinity when there is none. */
  nextTimerAtMs(): number {
    if (this.#nextTimerAtMs === undefined) {
      let next = Number.POSITIVE_INFINITY;
      for (const fireAtMs of this.#timers.values()) if (fireAtMs < next) next = fireAtMs;
      this.#nextTimerAtMs = next;
    }
    return this.#nextTimerAtMs;
  }

  /** The timers that are due, the earliest first, in the order of their creation where they are equal. */
  dueTimers(nowMs: number): number[] {
    if (this.nextTimerAtMs() > nowMs) return [];
    return [...this.#timers]
      .filter(([, fireAtMs]) => fireAtMs <= nowMs)
      .sort(([, a], [, b]) => a - b)
      .map(([id]) => id);
  }
}
