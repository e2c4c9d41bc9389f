import type { UpdateOutcome } from "../model/action.ts";
import type { ExecutionStarted, HistoryEvent, HistoryFact } from "../model/history-event.ts";
import { PendingWork } from "./pending-work.ts";
import { isAskedByCode, isRecordOfTheEngine, messageKeyOf } from "./records.ts";
import type { FailedAnswer } from "./rewind.ts";
import { SeenMessages } from "./seen-messages.ts";
import type { Stall } from "./stall.ts";
import type { Outline } from "./turn.ts";

/** What the history of one execution says by itself, without its code being run. It is told every event, when it is appended. */
export class RecordedHistory {
  readonly pending = new PendingWork();
  readonly seenMessages = new SeenMessages();
  readonly #openUpdates = new Set<string>();
  readonly #updateOutcomes = new Map<string, UpdateOutcome>();
  #first: ExecutionStarted | undefined;
  #completed: Extract<HistoryEvent, { type: "ExecutionCompleted" }> | undefined;
  #stall: Stall | undefined;
  #isCancelRequested = false;
  #latestMs = 0;
  #length = 0;
  #endsWithAsked = false;
  #hasOtherVersion = false;

  /** `leftOut`: as in ReplayStep. */
  record(event: HistoryEvent, leftOut?: FailedAnswer): void {
    this.#length++;
    if (event.timestampMs > this.#latestMs) this.#latestMs = event.timestampMs;
    this.pending.apply(event);
    this.seenMessages.record(event);
    if (event.type === "ExecutionStarted") this.#first = event;
    else if (event.type === "ExecutionCancelRequested") this.#isCancelRequested = true;
    this.#hasOtherVersion = event.type === "ExecutionVersionChanged";
    if (!this.#hasOtherVersion) this.#stall = event.type === "ExecutionStalled" ? event : undefined;
    this.#endsWithAsked = isAskedByCode(event);
    if (leftOut !== undefined) this.pending.reopen(leftOut);
    if (event.type === "ExecutionCompleted") this.#completed = event;
    if (event.type === "UpdateRequested") this.#openUpdates.add(event.updateId);
    if (event.type === "UpdateCompleted") this.#updateEnded(event.updateId, { ok: true, result: event.result });
    if (event.type === "UpdateFailed") {
      const { updateId, rejected, failure } = event;
      this.#updateEnded(updateId, { ok: false, rejected, failure });
    }
  }

  #updateEnded(updateId: string, outcome: UpdateOutcome): void {
    this.#updateOutcomes.set(updateId, outcome);
    this.#openUpdates.delete(updateId);
  }

  /** All that has been told stands in a history of so many events: a replay may have left some out. */
  isWhole(length: number): void {
    this.#length = length;
  }

  /** How many events the history has. */
  get length(): number {
    return this.#length;
  }

  /** Whether its last event is something that the code has asked for. */
  get endsWithAsked(): boolean {
    return this.#endsWithAsked;
  }

  /** The highest time of the history: no turn is earlier, whatever the machine's clock says. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** The stall that the history ends with. */
  get stall(): Stall | undefined {
    return this.#stall;
  }

  /** Whether the history ends with this stall, and is to go on with the same version. An error that tells of a time, or of a random number, is the same error. */
  hasStalledAs({ reason, message, knownBy }: Stall): boolean {
    const recorded = this.#stall;
    if (this.#hasOtherVersion || recorded?.reason !== reason || recorded.knownBy !== knownBy) return false;
    return knownBy !== undefined || recorded.message === message;
  }

  /** False for what is the engine's to write, what was told before, and the answer to what is not open. */
  isNews(fact: HistoryFact): boolean {
    if (isRecordOfTheEngine(fact)) return false;
    const messageKey = messageKeyOf(fact);
    if (messageKey !== undefined && this.seenMessages.has(messageKey)) return false;
    if (fact.type === "ExecutionCancelRequested") return !this.#isCancelRequested;
    return this.pending.accepts(fact);
  }

  /** What the history begins with, what has ended it, and the time of its last event. */
  get outline(): Outline {
    return { first: this.#first, completed: this.#completed, lastAtMs: this.#latestMs };
  }

  /** How an update has ended, if it has. */
  updateOutcome(updateId: string): UpdateOutcome | undefined {
    return this.#updateOutcomes.get(updateId);
  }

  /** `forgotten`: an execution before this one has taken it, and how it ended is not known any more. */
  updateState(updateId: string): "unknown" | "open" | "ended" | "forgotten" {
    if (this.#updateOutcomes.has(updateId)) return "ended";
    if (this.#openUpdates.has(updateId)) return "open";
    return this.seenMessages.has(`update:${updateId}`) ? "forgotten" : "unknown";
  }
}
