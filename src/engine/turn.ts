import type { Completion, UpdateOutcome } from "../model/action.ts";
import type { HistoryEvent, HistoryFact, TaskScheduled } from "../model/history-event.ts";
import type { AddressedMessage } from "../model/message.ts";
import type { SearchAttributes } from "../model/search-attributes.ts";
import type { RuntimeStatus } from "../model/status.ts";

/** What one turn decided. Nothing of it has happened yet: the instance commits it first, and acts on it then. */
export interface Turn {
  /** How many of the facts belong to this execution. The rest is for the one that continue-as-new begins. */
  readonly taken: number;
  /** To append to the history, in this order: the accepted facts, what the code asked for, how it ended. */
  readonly events: readonly HistoryEvent[];
  /** To run, once the events are durable. */
  readonly activities: readonly TaskScheduled[];
  /** To deliver, once the events are durable. */
  readonly messages: readonly AddressedMessage[];
  /** Activities whose results the workflow has no use for any more, because somebody has asked for its cancellation. */
  readonly aborts: readonly number[];
  /** The updates that have ended in this turn. */
  readonly updates: readonly { readonly updateId: string; readonly outcome: UpdateOutcome }[];
  readonly status: RuntimeStatus;
  /** Not told any more in the turns after the end: it stays as it was. */
  readonly customStatus: string | undefined;
  /** `undefined`: they stay as they were. */
  readonly searchAttributes: SearchAttributes | undefined;
  /** Set in the turn in which the execution ended. */
  readonly completion: Completion | undefined;
  /** What the author should know, in words. */
  readonly warnings: readonly string[];
}

/** The first event of a history, the one that ended it, and the time of the last. */
export interface Outline {
  readonly first?: HistoryFact | undefined;
  readonly completed?: HistoryEvent | undefined;
  readonly lastAtMs?: number | undefined;
}
