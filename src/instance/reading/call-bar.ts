import type { FailureDetails } from "../../model/failure.ts";
import type { ChildWorkflowInstanceCreated, HistoryEvent, TaskScheduled } from "../../model/history-event.ts";
import type { BarStatus } from "../../model/timeline.ts";
import type { Bar, BarAttempt } from "../views.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
export type Drawn = Writable<Bar>;

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
export class CallBar implements OpenCall {
  readonly bar: Drawn;
  readonly attempts: Writable<BarAttempt>[] = [];
  attempt = 0;
  failure: FailureDetails | undefined;
  /** The number of the event that has ended it. */
  endedAt: number | undefined;

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

  /** `seq`: the number of its answer. */
  end(status: BarStatus, atMs: number, seq: number, failure?: FailureDetails): void {
    const last = this.attempts.at(-1);
    this.failure = failure;
    this.endedAt = seq;
    const errorType = failure?.errorType;
    Object.assign(this.bar, { status, endedAtMs: atMs, errorType });
    if (last !== undefined) Object.assign(last, { status, endedAtMs: atMs, errorType });
  }

  pauseUntil(dueAtMs: number): void {
    const last = this.attempts.at(-1);
    if (last !== undefined) last.nextAttemptAtMs = dueAtMs;
    Object.assign(this.bar, { status: "retrying", endedAtMs: undefined, dueAtMs, attempts: this.attempts });
  }

  /** A rewind has taken back its failure: it runs once more under the number of its last attempt. */
  reopen(atMs: number): void {
    const { id = 0 } = this.attempts.at(-1) ?? this.bar;
    this.attempts.push({ id, attempt: this.attempt, status: "running", scheduledAtMs: atMs });
    Object.assign(this.bar, { status: "running", startedAtMs: atMs, endedAtMs: undefined, attempts: this.attempts });
  }

  get isRetrying(): boolean {
    return this.bar.status === "retrying";
  }
}
