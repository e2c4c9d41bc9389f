import type { FailureDetails } from "../model/failure.ts";
import type { HistoryEvent, OfBranch, ParentLink, StallReason } from "../model/history-event.ts";
import type { SearchAttributes } from "../model/search-attributes.ts";
import type { RuntimeStatus } from "../model/status.ts";
import type { BarKind, BarStatus } from "../model/timeline.ts";

/*
 * What an instance tells of itself, its state and those who look after it more than that: a part of protocol.ts, so that fields are only ever added, and
 * added as optional ones.
 */

export interface InstanceDescription {
  readonly instanceId: string;
  readonly name: string;
  readonly status: RuntimeStatus;
  readonly createdAtMs: number;
  readonly lastUpdatedAtMs: number;
  /** Raw text as it was sent; absent when there was none or when payloads were not asked for. */
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly customStatus?: string | undefined;
  readonly failure?: FailureDetails | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  /** How long after its end it is kept, where its start has said so. */
  readonly retentionMs?: number | undefined;
  /** Where it was asked for. */
  readonly detail?: InstanceDetail | undefined;
  /** Where it was asked for, and can be read. */
  readonly past?: PastStanding | undefined;
}

/** Where the code of today stood after so many events. */
export interface PastStanding {
  readonly events: number;
  readonly customStatus: string | undefined;
  readonly awaitedEvents: readonly string[];
  readonly awaitsCondition: boolean;
  readonly bufferedEvents: readonly BufferedEvents[];
  /** Timers that had neither fired nor been called off. */
  readonly openTimers: readonly number[];
  readonly branches?: readonly BranchStanding[] | undefined;
  readonly stall: { readonly reason: string; readonly message: string } | undefined;
}

/** Where a page begins. */
export interface HistoryPlace {
  /** The number of the event to begin with, counted from 0. Default: the first in this order. */
  readonly from?: number | undefined;
  /** The execution that `from` is of: another one answers with nothing. */
  readonly executionId?: string | undefined;
}

export interface HistoryRequest extends HistoryPlace {
  readonly limit: number;
  readonly order?: "asc" | "desc" | undefined;
  readonly types?: readonly string[] | undefined;
  /** Events with this text in one of their texts. */
  readonly contains?: string | undefined;
}

export interface HistoryPage {
  readonly events: readonly HistoryEvent[];
  /** Of a search: the number of each. Code before this one does not tell. */
  readonly positions?: readonly number[] | undefined;
  /** Whether there are events after these, in the order that was asked for. */
  readonly hasMore: boolean;
  /** Why this code, or these keys, cannot read the history. */
  readonly unreadable?: string | undefined;
  /** That the events are of. Code before this one does not tell, and knows no more of the request than `from` and `limit`. */
  readonly executionId?: string | undefined;
  /** The number of the event to go on with, where there are more. */
  readonly next?: number | undefined;
  /** The search was given up before it had found as many as were wanted: few of many events fit. */
  readonly isCut?: boolean | undefined;
  /** The execution that was asked for is over, and its history is gone. */
  readonly isOver?: boolean | undefined;
}

/** What `describe` tells beside the state. Lists have at most 1,000 entries; `more` has how many there are of those that are cut. */
export interface InstanceDetail {
  readonly executionId: string;
  readonly generation: number;
  readonly version?: string | undefined;
  readonly parent?: ParentLink | undefined;
  /** Who has asked for this execution, where that is known. */
  readonly actor?: string | undefined;
  readonly endedAtMs?: number | undefined;
  /** Of a start that waits for its time. */
  readonly startAtMs?: number | undefined;
  /** As the catalog's entry has them, but not cut; absent while the code is at work for too long to be asked. */
  readonly waitingFor?: string | undefined;
  readonly retrying?: boolean | undefined;
  /** Those that are not over, in the order in which they were made; absent where there are none, or as `awaitedEvents` is. */
  readonly branches?: readonly BranchStanding[] | undefined;
  readonly activities: readonly PendingActivity[];
  readonly timers: readonly OpenTimer[];
  readonly children: readonly OpenChild[];
  /** What only the code can tell; absent when it does not run, or is at work for too long to be asked. */
  readonly awaitedEvents?: readonly string[] | undefined;
  readonly awaitsCondition?: boolean | undefined;
  readonly queries?: readonly string[] | undefined;
  readonly updates?: readonly string[] | undefined;
  readonly bufferedEvents?: readonly BufferedEvents[] | undefined;
  readonly more?: Readonly<Record<string, number>> | undefined;
  /** What waits for a lease: the workflow, or runs of its activities. */
  readonly limits?: readonly WaitingLease[] | undefined;
  readonly sizes?: InstanceSizes | undefined;
  readonly stall?: { readonly reason: StallReason | string; readonly message: string } | undefined;
  /** When it goes on by itself: the next timer, delivery, or look at a stall. */
  readonly nextDueAtMs?: number | undefined;
}

export interface BranchStanding {
  readonly name: string;
  /** As `waitingFor` of the instance. */
  readonly waitingFor?: string | undefined;
  /** It was called off, and goes on with what it has in `finally`. */
  readonly ending?: boolean | undefined;
}

export interface PendingActivity extends PendingAttempt {
  readonly id: number;
  readonly name: string;
  readonly scheduledAtMs: number;
}

export interface PendingAttempt extends OfBranch {
  /** The one that runs, or the one that has failed while the call is `retrying`. */
  readonly attempt: number;
  readonly status: "running" | "retrying";
  /** Its type and its message, which may be cut. */
  readonly lastFailure?: Pick<FailureDetails, "errorType" | "message"> | undefined;
  readonly nextAttemptAtMs?: number | undefined;
}

/** Something that waits for a limit. */
export interface WaitingLease {
  readonly limit: string;
  readonly key: string;
  /** Of an activity: its call. Absent: it is the workflow that waits. */
  readonly taskId?: number | undefined;
  readonly activity?: string | undefined;
  /** In the queue of its key, from 1; absent where the limiter does not tell. */
  readonly position?: number | undefined;
  /** How many come before it, of all keys, as they wait now. */
  readonly ahead?: number | undefined;
  readonly sinceMs?: number | undefined;
}

export interface OpenTimer extends OfBranch {
  readonly id: number;
  readonly createdAtMs: number;
  readonly fireAtMs: number;
}

export interface OpenChild extends PendingAttempt {
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly createdAtMs: number;
}

/** Of one name. */
export interface BufferedEvents {
  readonly name: string;
  readonly count: number;
}

export interface InstanceSizes {
  readonly historyEvents: number;
  readonly historyBytes: number;
  readonly inputBytes?: number | undefined;
  readonly outputBytes?: number | undefined;
  readonly databaseBytes?: number | undefined;
}

export interface TimelineRequest extends HistoryPlace {
  readonly limit: number;
  readonly order?: "asc" | "desc" | undefined;
}

export interface TimelinePage {
  readonly executionId: string;
  readonly bars: readonly Bar[];
  readonly next?: number | undefined;
  /** More events lie behind these bars than were looked at: what ends later is shown as open. */
  readonly isTruncated: boolean;
  readonly isOver?: boolean | undefined;
  readonly unreadable?: string | undefined;
}

export interface Bar extends OfBranch {
  /** The number of the event that it begins with. */
  readonly position: number;
  readonly kind: BarKind;
  readonly status: BarStatus;
  /** Of a call: that of its first attempt. */
  readonly id?: number | undefined;
  readonly name?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly updateId?: string | undefined;
  readonly scheduledAtMs: number;
  /** Its last attempt, where that is not the first. */
  readonly startedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
  /** Of a timer, or of the next attempt. */
  readonly dueAtMs?: number | undefined;
  readonly errorType?: string | undefined;
  /** Of a call that has been tried more than once, the last 100. */
  readonly attempts?: readonly BarAttempt[] | undefined;
  /** Of a turn: how many it has. */
  readonly events?: number | undefined;
}

export interface BarAttempt {
  readonly id: number;
  readonly attempt: number;
  readonly status: BarStatus;
  readonly scheduledAtMs: number;
  readonly endedAtMs?: number | undefined;
  readonly errorType?: string | undefined;
  readonly nextAttemptAtMs?: number | undefined;
}
