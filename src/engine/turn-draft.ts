import type { Action, CancelChild, Completion, SendChildEvent } from "../model/action.ts";
import type { FailureDetails } from "../model/failure.ts";
import type {
  ChildWorkflowInstanceCreated,
  ExecutionCancelRequested,
  HistoryEvent,
  TaskScheduled,
} from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import type { TerminalStatus } from "../model/status.ts";
import type { Messages } from "./messages.ts";
import type { RecordedHistory } from "./recorded-history.ts";
import { recordOf } from "./records.ts";
import { type FailurePoint, failedTaskId, isFailedAnswer } from "./rewind.ts";
import type { Stall } from "./stall.ts";
import type { Turn } from "./turn.ts";

/** At which event of the history an execution has ended, unless in a replay, and how much of what its code asks for was asked before that. */
export interface EndedAt {
  readonly position: number | undefined;
  readonly askedBefore: number;
}

/** Hardly any turn has some. */
const none: readonly never[] = [];

/** What one turn gathers, in the order of T2: each event is recorded as it comes, and has with it what follows from it. */
export class TurnDraft {
  readonly timestampMs: number;
  readonly events: HistoryEvent[] = [];
  readonly activities: TaskScheduled[] = [];
  readonly messages: AddressedMessage[] = [];
  aborts: readonly number[] = none;
  readonly updates: Turn["updates"][number][] = [];
  /** How many events the history has before what the code asks for in this turn, and whether the last of them is of that kind too. */
  #askedFrom = 0;
  #followsAsked = false;
  /** The cancel that has come, and the number of the first call behind it. */
  #canceled: { readonly event: ExecutionCancelRequested; readonly nextId: number } | undefined;
  readonly #history: RecordedHistory;
  readonly #toOthers: Messages;

  constructor(timestampMs: number, history: RecordedHistory, toOthers: Messages) {
    this.timestampMs = timestampMs;
    this.#history = history;
    this.#toOthers = toOthers;
  }

  append(event: HistoryEvent): void {
    this.events.push(event);
    this.#history.record(event);
  }

  /** From here on it is what the code has asked for that comes. */
  factsAreIn(): void {
    this.#askedFrom = this.#history.length;
    this.#followsAsked = this.#history.endsWithAsked;
  }

  /** An execution is canceled once: what it has called before `nextId` and waits for hears of it, too. */
  cancel(event: ExecutionCancelRequested, nextId: number): void {
    const { activities, children } = this.#history.pending;
    this.aborts = [...activities.keys()];
    this.#canceled = { event, nextId };
    for (const child of children.values()) this.#tellOfCancel(child, event);
  }

  #tellOfCancel(child: ChildWorkflowInstanceCreated, { reason, actor }: ExecutionCancelRequested): void {
    this.messages.push(this.#toOthers.toChild(child, { type: "Cancel", reason, actor }));
  }

  /** What the code has asked for. */
  ask(action: Action): void {
    const event = recordOf("taskId" in action ? this.#addressed(action) : action, this.timestampMs);
    this.append(event);
    if (action.type === "EndUpdate") this.updates.push(action);
    if (event.type === "TaskScheduled") this.activities.push(event);
    else if (event.type === "ChildWorkflowInstanceCreated") this.#startChild(event);
    else if (event.type === "DetachedWorkflowScheduled") this.messages.push(this.#toOthers.startDetached(event));
    else if (event.type === "EventSent") this.messages.push(this.#toOthers.raiseEvent(event));
    else if ("taskId" in event) this.messages.push(this.#toOthers.askOfChild(event));
  }

  /** Called in the turn of a cancel, but before that, it hears of it as those that are recorded do. */
  #startChild(event: ChildWorkflowInstanceCreated): void {
    this.messages.push(this.#toOthers.startChild(event));
    if (this.#canceled !== undefined && event.id < this.#canceled.nextId)
      this.#tellOfCancel(event, this.#canceled.event);
  }

  /** A rerun, or code before today's, may have given the child another ID. */
  #addressed<A extends CancelChild | SendChildEvent>(action: A): A {
    const child = this.#history.pending.children.get(action.taskId);
    return child === undefined ? action : { ...action, instanceId: child.instanceId };
  }

  /** Once, as long as the reason stays the same. */
  stall(stall: Stall, beforeFirstTurn: boolean): void {
    if (this.#history.hasStalledAs(stall)) return;
    const { reason, message, knownBy } = stall;
    const { timestampMs } = this;
    this.append({ type: "ExecutionStalled", timestampMs, reason, message, beforeFirstTurn, knownBy });
  }

  /** The status after it. */
  end(completion: Exclude<Completion, { type: "ContinuedAsNew" }>, endedAt: EndedAt): TerminalStatus {
    if (completion.type === "Terminated" && completion.recursive) {
      const { output, reason, actor } = completion;
      for (const child of this.#history.pending.children.values())
        this.messages.push(this.#toOthers.toChild(child, { type: "Terminate", output, reason, actor }));
    }
    const status = terminalStatus[completion.type];
    const completed = {
      type: "ExecutionCompleted" as const,
      timestampMs: this.timestampMs,
      status,
      output: "failure" in completion ? undefined : completion.output,
      failure: "failure" in completion ? completion.failure : undefined,
      ...(completion.type === "Failed" && this.#failurePoint(completion.failure, endedAt)),
    };
    this.append(completed);
    const message = this.#toOthers.toParent(completed);
    if (message !== undefined) this.messages.push(message);
    return status;
  }

  /** Unless the history shows it by itself. */
  #failurePoint(failure: FailureDetails, { position, askedBefore }: EndedAt): FailurePoint | undefined {
    const askedFrom = this.#askedFrom;
    const first = this.#history.length - this.events.length;
    // Nothing of this turn was shown to code that had failed in a replay.
    if (position === undefined) return { failedAt: first, askedFrom, answerStays: true };
    const isShown = position === askedFrom - 1 && askedBefore === 0 && !this.#followsAsked;
    const fatal = this.events[position - first];
    const isNamed = failedTaskId(this.#toOthers.instanceId, failure) !== undefined;
    if (isShown && (!isNamed || (fatal !== undefined && isFailedAnswer(fatal)))) return undefined;
    return { failedAt: position, askedFrom: askedFrom + askedBefore };
  }
}

const terminalStatus = {
  Completed: "COMPLETED",
  Failed: "FAILED",
  Canceled: "CANCELED",
  Terminated: "TERMINATED",
} satisfies Record<Exclude<Completion["type"], "ContinuedAsNew">, TerminalStatus>;
