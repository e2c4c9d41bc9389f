import type { Completion } from "../model/action.ts";
import { describeFailure, type FailureDetails } from "../model/failure.ts";
import type { ExecutionTerminated, HistoryEvent, HistoryFact } from "../model/history-event.ts";
import type { Continuation } from "./continuation.ts";
import type { Step } from "./coroutine.ts";
import { type Difference, type NonDeterminismError, WorkflowCanceledError } from "./errors.ts";
import type { ExecutionState } from "./execution-state.ts";
import { failsWhereItWentOn } from "./non-determinism.ts";
import { isRecordedCall, type RecordedCall } from "./records.ts";
import { differs, type Stall } from "./stall.ts";
import type { Suspension } from "./suspension.ts";

/** What is written beside the facts that come. */
type Recorded =
  | RecordedCall
  | Extract<
      HistoryFact,
      {
        type:
          | "UpdateCompleted"
          | "UpdateFailed"
          | "PatchRecorded"
          | "ExecutionStalled"
          | "ExecutionUnstalled"
          | "ExecutionVersionChanged"
          | "ExecutionCompleted";
      }
    >;

/**
 * How one execution ends, or stalls.
 *
 *   open --code ended, or Terminated--> ended
 *   open | ended --today's code does not fit the history--> stalled
 *   ended, as it continues as new --taken back, for the sake of a terminate--> open, and the code stays where it is
 *
 * What ends an execution first, ends it. From then on its code is not driven any further, and what it calls is not asked for.
 */
export class ExecutionEnd {
  readonly #state: ExecutionState;
  readonly #suspension: Suspension;
  /** What becomes of code that does something else than its history says: it fails, in place of waiting for other code. */
  readonly #failsOnDifference: boolean;
  #completion: Completion | undefined;
  #stall: Stall | undefined;
  /** At which event of the history the execution has ended. */
  #atIndex = -1;
  #isInReplay = false;
  #isTakenBack = false;
  #isCancelAsked = false;
  #difference: Difference | undefined;

  constructor(state: ExecutionState, suspension: Suspension, failsOnDifference: boolean) {
    this.#state = state;
    this.#suspension = suspension;
    this.#failsOnDifference = failsOnDifference;
  }

  get completion(): Completion | undefined {
    return this.#completion;
  }

  get stall(): Stall | undefined {
    return this.#stall;
  }

  /** At which event of the history the execution has ended; `undefined`: in a replay, which had done with it before. */
  get endedAt(): number | undefined {
    return this.#isInReplay ? undefined : this.#atIndex;
  }

  /** Where code and history part, when that is why the execution is stalled. */
  get difference(): Difference | undefined {
    return this.#difference;
  }

  /** After a continue-as-new, an end or a stall the code is not driven any further. */
  readonly enough = (): boolean =>
    this.#state.continuation !== undefined || this.#completion !== undefined || this.#stall !== undefined;

  /** What the code did when it was last driven: waits, or has come to its end. */
  settle(step: Step): void {
    if (this.#completion !== undefined || this.#stall !== undefined) return;
    if (step.type === "threw") return this.fail(step.error);
    const { continuation } = this.#state;
    if (continuation !== undefined) return this.#continueAsNew(continuation);
    if (step.type === "waiting") return;
    try {
      const output = this.#state.payloads.encode(step.value, "result", "workflow", this.#state.started?.name);
      this.#complete({ type: "Completed", output });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Not only the workflow's own code continues as new, but an update handler or a callback, too. */
  settleContinuation(): void {
    if (this.#state.continuation !== undefined && !this.#isTakenBack) this.settle({ type: "waiting" });
  }

  /** No turn has decided the continue-as-new yet, and none will. */
  takeBackContinuation(): void {
    if (this.#completion?.type !== "ContinuedAsNew") return;
    this.#completion = undefined;
    this.#isTakenBack = true;
  }

  /** A WorkflowCanceledError that the code throws from here on is no failure. */
  askForCancel(): void {
    this.#isCancelAsked = true;
  }

  fail(error: unknown): void {
    const failure = describeFailure(error);
    const isCanceled = this.#isCancelAsked && error instanceof WorkflowCanceledError;
    this.#complete({ type: isCanceled ? "Canceled" : "Failed", failure });
  }

  terminate({ output, recursive, reason, actor }: ExecutionTerminated): void {
    this.#state.calls.keepOnly("EndUpdate");
    this.#complete({ type: "Terminated", output, recursive, reason, actor });
  }

  stallAs(stall: Stall): void {
    this.#stall = stall;
    this.#completion = undefined;
    this.#state.calls.keepOnly();
    this.#state.calls.close();
    this.#state.calls.watch.over();
  }

  /** The history says what the code has done: it must be what the code does now. `failure`: how that has ended, quoted in the error. */
  check(error: NonDeterminismError | undefined, failure?: FailureDetails): void {
    if (error === undefined) return;
    this.#difference = error.difference;
    if (!this.#failsOnDifference) return this.stallAs(differs(error, failure));
    this.#state.calls.keepOnly("EndUpdate");
    this.fail(error);
  }

  /** The history says what the code has done: it is not asked for again. */
  confirm(event: Recorded): void {
    const { calls, historyIndex } = this.#state;
    if (isRecordedCall(event)) return this.check(calls.confirm(event, historyIndex));
    switch (event.type) {
      case "UpdateCompleted":
      case "UpdateFailed":
        return this.check(calls.confirmUpdateEnd(event.updateId, historyIndex));
      case "PatchRecorded":
      case "ExecutionStalled":
      case "ExecutionUnstalled":
      case "ExecutionVersionChanged":
      case "ExecutionCompleted":
        return;
      default:
        event satisfies never;
    }
  }

  /** What the last turn had called and not waited for stands behind its end. Anything else the code should have called before. */
  checkBehind(event: HistoryEvent): void {
    if (this.#difference !== undefined || !isRecordedCall(event)) return;
    if (this.#completion?.type === "Terminated") return;
    const failure = this.#completion?.type === "Failed" ? this.#completion.failure : undefined;
    this.check(this.#state.calls.confirm(event, this.#state.historyIndex, failure), failure);
  }

  /**
   * After a replay: whether the code has come as far as the history, by all the patches that it holds. Code that fails where it
   * went on before has been changed, or does what is refused now: the instance waits for other code.
   */
  checkReplay(historyHasEnded: boolean): void {
    if (this.#completion?.type === "Terminated") return;
    if (this.#completion?.type === "Failed") {
      if (historyHasEnded || this.#difference !== undefined || this.#failsOnDifference) return;
      const { failure } = this.#completion;
      return this.check(failsWhereItWentOn(failure, this.#atIndex), failure);
    }
    const message = this.#state.patches.mismatch;
    if (message !== undefined) this.stallAs({ reason: "PATCH_MISMATCH", message });
  }

  #continueAsNew(continuation: Continuation): void {
    const { input, toLatestVersion, carried: carriedEvents } = continuation;
    const { registry, started } = this.#state;
    const version = toLatestVersion ? registry?.latestVersion(started?.name ?? "") : this.#state.version;
    this.#state.calls.keepOnly("SendEvent", "CancelChild", "SendChildEvent", "StartDetached", "EndUpdate");
    this.#complete({ type: "ContinuedAsNew", input, version, carriedEvents });
    for (const event of this.#state.mailbox.unclaimed()) continuation.leave(event);
    for (const { event } of this.#suspension.held) continuation.leave(event);
  }

  #complete(completion: Completion): void {
    this.#completion = completion;
    this.#atIndex = this.#state.historyIndex;
    this.#isInReplay = this.#state.replaying;
    this.#state.calls.close();
    this.#state.calls.watch.over();
    const how = completion.type === "ContinuedAsNew" ? "continued as new" : "ended";
    this.#state.interactions.endAll(`The workflow ${how} before the update did.`);
  }
}
