import type { EventRaised, ExecutionCancelRequested, HistoryFact } from "../model/history-event.ts";

/** What an execution that continues as new leaves to the one after it. */
export class Continuation {
  readonly input: string | undefined;
  readonly savesEvents: boolean;
  readonly toLatestVersion: boolean;
  /** What the execution after this one begins with. */
  readonly carried: (EventRaised | ExecutionCancelRequested)[] = [];

  constructor(input: string | undefined, savesEvents: boolean, toLatestVersion: boolean) {
    this.input = input;
    this.savesEvents = savesEvents;
    this.toLatestVersion = toLatestVersion;
  }

  /**
   * What came and has not been shown to the code: nobody has waited for it, or it was held back by a suspend, or carried over from
   * the execution before and behind the event with which the code continued as new. In that order, the last is the latest.
   */
  leave(event: HistoryFact): void {
    if (event.type === "ExecutionCancelRequested" || (event.type === "EventRaised" && this.savesEvents))
      this.carried.push(event);
  }
}
