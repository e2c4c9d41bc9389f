import type { FailureDetails } from "./failure.ts";
import type { SearchAttributes } from "./search-attributes.ts";
import type { TerminalStatus } from "./status.ts";

/**
 * A fact of one execution: appended to its history and never changed. The names are Dapr's.
 * Payloads (`input`, `result`, `output`) are the raw texts: JSON when written by this library, whatever the
 * caller sent when they came over HTTP. `undefined` means that there was none.
 *
 * Every event carries `timestampMs`, the time of the turn that appended it. The workflow's own clock is the
 * highest such time it has seen, so it needs no events of its own to mark where a turn began.
 */
export type HistoryEvent = { readonly timestampMs: number } & HistoryFact;

/** An event without its time: what a sender knows. The turn that takes it adds the time. */
export type HistoryFact =
  | ExecutionStarted
  | TaskScheduled
  | TaskCompleted
  | TaskFailed
  | TimerCreated
  | TimerFired
  | EventRaised
  | ChildWorkflowInstanceCreated
  | ChildWorkflowInstanceCompleted
  | ChildWorkflowInstanceFailed
  | DetachedWorkflowScheduled
  | EventSent
  | ChildCancelRequested
  | ChildEventSent
  | PatchRecorded
  | UpdateRequested
  | UpdateCompleted
  | UpdateFailed
  | ExecutionSuspended
  | ExecutionResumed
  | ExecutionCancelRequested
  | ExecutionTerminated
  | ExecutionStalled
  | ExecutionUnstalled
  | ExecutionCompleted
  | ExecutionRewound
  | ExecutionVersionChanged;

export type HistoryEventType = HistoryFact["type"];

const ALL_TYPES = {
  ExecutionStarted: true,
  TaskScheduled: true,
  TaskCompleted: true,
  TaskFailed: true,
  TimerCreated: true,
  TimerFired: true,
  EventRaised: true,
  ChildWorkflowInstanceCreated: true,
  ChildWorkflowInstanceCompleted: true,
  ChildWorkflowInstanceFailed: true,
  DetachedWorkflowScheduled: true,
  EventSent: true,
  ChildCancelRequested: true,
  ChildEventSent: true,
  PatchRecorded: true,
  UpdateRequested: true,
  UpdateCompleted: true,
  UpdateFailed: true,
  ExecutionSuspended: true,
  ExecutionResumed: true,
  ExecutionCancelRequested: true,
  ExecutionTerminated: true,
  ExecutionStalled: true,
  ExecutionUnstalled: true,
  ExecutionCompleted: true,
  ExecutionRewound: true,
  ExecutionVersionChanged: true,
} satisfies Record<HistoryEventType, true>;
export const HISTORY_EVENT_TYPES = Object.keys(ALL_TYPES) as readonly HistoryEventType[];

export function isEventType(type: unknown): boolean {
  return typeof type === "string" && Object.hasOwn(ALL_TYPES, type);
}

/** Of what somebody asks for from outside: it stands in the event, and goes to the children that hear of it. */
export interface Asked {
  /** Why. */
  readonly reason?: string | undefined;
  /** Who, where that is known. */
  readonly actor?: string | undefined;
}

export interface ExecutionStarted extends Asked {
  readonly type: "ExecutionStarted";
  readonly name: string;
  /** New for each execution: a start, a reuse of the ID, a continue-as-new. */
  readonly executionId: string;
  /** 0 for the execution a caller started; one more with each continue-as-new. */
  readonly generation: number;
  /** Which of the registered versions of the workflow the execution runs; absent when it was registered without one. */
  readonly version?: string | undefined;
  readonly input?: string | undefined;
  readonly parent?: ParentLink | undefined;
  /** W3C trace context of the request that started the instance. */
  readonly traceparent?: string | undefined;
  /** When it was to begin, where somebody has said so: a caller, or the time of a schedule. */
  readonly startAtMs?: number | undefined;
  /** Raises that the executions before a continue-as-new have taken lately, and when (milliseconds since 1970). */
  readonly recentMessages?: Readonly<Record<string, number>> | undefined;
  /** Those that it begins with: of its start, or of the execution before. What its code sets is set again in a replay. */
  readonly searchAttributes?: SearchAttributes | undefined;
  /** Of a rerun: what it has begun with. */
  readonly rerunOf?: RerunOf | undefined;
  /** Of a rerun: where its chance comes from, so that a replay of what it has begun with draws what the source has drawn. */
  readonly seed?: string | undefined;
}

/** The execution that a rerun was made of. */
export interface RerunOf {
  readonly instanceId: string;
  readonly executionId: string;
  /** The call that is made again; absent when it began anew. */
  readonly eventId?: number | undefined;
  /** So many events the history had when it began. */
  readonly events: number;
  /** How much later that call was made again. */
  readonly delayMs: number;
}

/** Which call of which execution a child workflow answers. */
export interface ParentLink {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly taskId: number;
}

/** Of what the code has called. */
export interface OfBranch {
  /** The name of the branch that has called it; absent where the workflow's own code, or an update, has. */
  readonly branch?: string | undefined;
}

/** `id` counts the workflow's calls from 1; activities, timers and children share the counter. */
export interface TaskScheduled extends AttemptDetails, OfBranch {
  readonly type: "TaskScheduled";
  readonly id: number;
  readonly name: string;
  readonly input?: string | undefined;
}

/** Which attempt of a call it is. */
export interface AttemptNumber {
  /** From 2 on; absent in the first. */
  readonly attempt?: number | undefined;
  /** The ID of the first attempt; absent in it. */
  readonly firstId?: number | undefined;
}

/** What the attempt of a call has beside its name and input. All times are in milliseconds. */
export interface AttemptDetails extends AttemptNumber {
  /** How long this attempt may take. */
  readonly timeoutMs?: number | undefined;
  /** When the call with all its attempts has to have ended, in milliseconds since 1970. */
  readonly deadlineAtMs?: number | undefined;
  /** How long the attempt may go without a heartbeat. */
  readonly heartbeatTimeoutMs?: number | undefined;
  /** JSON of the details of the last heartbeat of the attempt before. */
  readonly progress?: string | undefined;
}
export interface TaskCompleted {
  readonly type: "TaskCompleted";
  readonly id: number;
  readonly result?: string | undefined;
}
export interface TaskFailed {
  readonly type: "TaskFailed";
  readonly id: number;
  readonly failure: FailureDetails;
  /** JSON of the details of the last heartbeat. */
  readonly progress?: string | undefined;
}
export interface TimerCreated extends OfBranch {
  readonly type: "TimerCreated";
  readonly id: number;
  readonly fireAtMs: number;
  /** Of a pause before another attempt: the ID of the first. Code before this one did not tell. */
  readonly firstId?: number | undefined;
}
export interface TimerFired {
  readonly type: "TimerFired";
  readonly id: number;
}
export interface EventRaised extends Asked {
  readonly type: "EventRaised";
  readonly name: string;
  readonly input?: string | undefined;
  /** Identifies one raise, so that the same raise delivered twice counts once. */
  readonly messageId?: string | undefined;
}
/** Code before this one did not tell which attempt it is. */
export interface ChildWorkflowInstanceCreated extends AttemptNumber, OfBranch {
  readonly type: "ChildWorkflowInstanceCreated";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
}
export interface ChildWorkflowInstanceCompleted {
  readonly type: "ChildWorkflowInstanceCompleted";
  readonly id: number;
  readonly result?: string | undefined;
}
export interface ChildWorkflowInstanceFailed {
  readonly type: "ChildWorkflowInstanceFailed";
  readonly id: number;
  readonly failure: FailureDetails;
}
/** A workflow was started that nobody waits for; its ID is in `instanceId`. */
export interface DetachedWorkflowScheduled extends OfBranch {
  readonly type: "DetachedWorkflowScheduled";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
  readonly startAtMs?: number | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
}
/** An event was sent to the instance `instanceId`. */
export interface EventSent extends OfBranch {
  readonly type: "EventSent";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
}
/** A call of a child; `taskId` is the number of the attempt that is meant, and `instanceId` its instance. */
interface CallOfChild extends OfBranch {
  readonly id: number;
  readonly taskId: number;
  readonly instanceId: string;
}
/** The child was asked to end. */
export interface ChildCancelRequested extends CallOfChild {
  readonly type: "ChildCancelRequested";
  readonly reason?: string | undefined;
}
/** An event was sent to the child. */
export interface ChildEventSent extends CallOfChild {
  readonly type: "ChildEventSent";
  readonly name: string;
  readonly input?: string | undefined;
}
/** `isPatched` answered true for the first time: the code went the new way. */
export interface PatchRecorded {
  readonly type: "PatchRecorded";
  readonly name: string;
}
export interface UpdateRequested extends Asked {
  readonly type: "UpdateRequested";
  readonly updateId: string;
  readonly name: string;
  readonly input?: string | undefined;
}
export interface UpdateCompleted {
  readonly type: "UpdateCompleted";
  readonly updateId: string;
  readonly result?: string | undefined;
}
export interface UpdateFailed {
  readonly type: "UpdateFailed";
  readonly updateId: string;
  readonly failure: FailureDetails;
  /** Refused before anything was done: there is no such update, or its validator threw. */
  readonly rejected: boolean;
}
/** The workflow was asked to end: its code gets a WorkflowCanceledError where it waits. */
export interface ExecutionCancelRequested extends Asked {
  readonly type: "ExecutionCancelRequested";
}
/** Today's code cannot go on with this history. Nothing is run or taken until other code can. */
export interface ExecutionStalled {
  readonly type: "ExecutionStalled";
  readonly reason: StallReason;
  readonly message: string;
  /** The first turn has not been taken: the code has not seen the events before this one. */
  readonly beforeFirstTurn: boolean;
  /** Where `message` quotes an error of the author's, whose text may be another one each time: the place and the error's type. */
  readonly knownBy?: string | undefined;
}
/** Other code than that of the stall before goes on from here. */
export interface ExecutionUnstalled {
  readonly type: "ExecutionUnstalled";
}
export interface ExecutionSuspended extends Asked {
  readonly type: "ExecutionSuspended";
}
export interface ExecutionResumed extends Asked {
  readonly type: "ExecutionResumed";
}
export interface ExecutionTerminated extends Asked {
  readonly type: "ExecutionTerminated";
  readonly output?: string | undefined;
  /** Whether the children that still run are terminated too. */
  readonly recursive: boolean;
}
export interface ExecutionCompleted {
  readonly type: "ExecutionCompleted";
  readonly status: TerminalStatus;
  readonly output?: string | undefined;
  readonly failure?: FailureDetails | undefined;
  /** Of a failure, where the history does not show it by itself: as in ExecutionRewound. */
  readonly failedAt?: number | undefined;
  readonly askedFrom?: number | undefined;
  readonly answerStays?: true | undefined;
}

/**
 * A failed execution goes on from the place at which its code has failed: what a replay leaves out of the history for it is in
 * engine/rewind.ts. Places are numbers of events.
 */
export interface ExecutionRewound extends Asked {
  readonly type: "ExecutionRewound";
  /** Names the request of a client, so that it counts once. */
  readonly requestId?: string | undefined;
  /** The event at which the code has failed. */
  readonly failedAt: number;
  /** The first of what the code has asked for since. */
  readonly askedFrom: number;
  /** It was not that event, but a replay, that the code has failed in: there, the history has done with what came before it. */
  readonly answerStays?: true | undefined;
}
/** From here on the execution is replayed, and goes on, with the code of this version. */
export interface ExecutionVersionChanged extends Asked {
  readonly type: "ExecutionVersionChanged";
  /** Names the request of a client, so that it counts once. */
  readonly requestId?: string | undefined;
  readonly version: string;
}

/** The first two are Dapr's (1.17), where whoever asks anything of a stalled instance is refused; the others are ours. */
export type StallReason = DaprStallReason | "NON_DETERMINISM" | "WORKFLOW_NOT_REGISTERED";
export type DaprStallReason = "VERSION_NOT_AVAILABLE" | "PATCH_MISMATCH";

/** Histories may hold reasons that this code does not know: they are not Dapr's. */
export function isDaprStall(reason: StallReason): reason is DaprStallReason {
  return reason === "VERSION_NOT_AVAILABLE" || reason === "PATCH_MISMATCH";
}
