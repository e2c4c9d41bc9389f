import type { FailureDetails } from "./failure.ts";
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
  | ExecutionSuspended
  | ExecutionResumed
  | ExecutionTerminated
  | ExecutionCompleted;

export type HistoryEventType = HistoryFact["type"];

export interface ExecutionStarted {
  readonly type: "ExecutionStarted";
  readonly name: string;
  /** New for each execution: a start, a reuse of the ID, a continue-as-new. */
  readonly executionId: string;
  /** 0 for the execution a caller started; one more with each continue-as-new. */
  readonly generation: number;
  readonly input?: string | undefined;
  readonly parent?: ParentLink | undefined;
  /** W3C trace context of the request that started the instance. */
  readonly traceparent?: string | undefined;
  /** Raises that the executions before a continue-as-new have taken lately, and when (milliseconds since 1970). */
  readonly recentMessages?: Readonly<Record<string, number>> | undefined;
}

/** Which call of which execution a child workflow answers. */
export interface ParentLink {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly taskId: number;
}

/** `id` counts the workflow's calls from 1; activities, timers and children share the counter. */
export interface TaskScheduled {
  readonly type: "TaskScheduled";
  readonly id: number;
  readonly name: string;
  readonly input?: string | undefined;
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
}
export interface TimerCreated {
  readonly type: "TimerCreated";
  readonly id: number;
  readonly fireAtMs: number;
}
export interface TimerFired {
  readonly type: "TimerFired";
  readonly id: number;
}
export interface EventRaised {
  readonly type: "EventRaised";
  readonly name: string;
  readonly input?: string | undefined;
  /** Identifies one raise, so that the same raise delivered twice counts once. */
  readonly messageId?: string | undefined;
}
export interface ChildWorkflowInstanceCreated {
  readonly type: "ChildWorkflowInstanceCreated";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
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
export interface ExecutionSuspended {
  readonly type: "ExecutionSuspended";
  readonly reason?: string | undefined;
}
export interface ExecutionResumed {
  readonly type: "ExecutionResumed";
  readonly reason?: string | undefined;
}
export interface ExecutionTerminated {
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
}
