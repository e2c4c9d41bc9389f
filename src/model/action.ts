import type { FailureDetails } from "./failure.ts";
import type {
  Asked,
  AttemptDetails,
  AttemptNumber,
  EventRaised,
  ExecutionCancelRequested,
  OfBranch,
} from "./history-event.ts";
import type { SearchAttributes } from "./search-attributes.ts";

/** What a workflow asks for in a turn: calls, which are numbered, and notes, which are not. */
export type Action = Call | Note;

/** `id` is the sequence number of the call, and its answer will carry it. Only the first three are answered. */
export type Call =
  | ScheduleActivity
  | CreateTimer
  | StartChild
  | StartDetached
  | SendEvent
  | CancelChild
  | SendChildEvent;

export interface ScheduleActivity extends AttemptDetails, OfBranch {
  readonly type: "ScheduleActivity";
  readonly id: number;
  readonly name: string;
  readonly input?: string | undefined;
}
export interface CreateTimer extends OfBranch {
  readonly type: "CreateTimer";
  readonly id: number;
  readonly fireAtMs: number;
  /** Of a pause before another attempt: the ID of the first. */
  readonly firstId?: number | undefined;
}
export interface StartChild extends AttemptNumber, OfBranch {
  readonly type: "StartChild";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
}
export interface StartDetached extends OfBranch {
  readonly type: "StartDetached";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
  readonly startAtMs?: number | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
}
export interface SendEvent extends OfBranch {
  readonly type: "SendEvent";
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
}

/** `taskId` is the number of the attempt that is meant. */
export interface CancelChild extends OfBranch {
  readonly type: "CancelChild";
  readonly id: number;
  readonly taskId: number;
  readonly instanceId: string;
  readonly reason?: string | undefined;
}
export interface SendChildEvent extends OfBranch {
  readonly type: "SendChildEvent";
  readonly id: number;
  readonly taskId: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input?: string | undefined;
}

/** What the history is to remember of what the code has done by itself. */
export type Note = RecordPatch | EndUpdate;

export interface RecordPatch {
  readonly type: "RecordPatch";
  readonly name: string;
}
export interface EndUpdate {
  readonly type: "EndUpdate";
  readonly updateId: string;
  readonly outcome: UpdateOutcome;
}

/** How an update ended. `rejected`: it was refused, and nothing was done. */
export type UpdateOutcome =
  | { readonly ok: true; readonly result?: string | undefined }
  | { readonly ok: false; readonly rejected: boolean; readonly failure: FailureDetails };

/** How an execution ended, as the workflow's code or a terminate request decided. */
export type Completion =
  | { readonly type: "Completed"; readonly output?: string | undefined }
  | { readonly type: "Failed"; readonly failure: FailureDetails }
  | { readonly type: "Canceled"; readonly failure: FailureDetails }
  | ({
      readonly type: "Terminated";
      readonly output?: string | undefined;
      readonly recursive: boolean;
    } & Asked)
  | {
      readonly type: "ContinuedAsNew";
      readonly input?: string | undefined;
      /** Which version of the workflow the next execution runs. */
      readonly version: string | undefined;
      /** What was received and not yet shown to the code, in the order in which it arrived. */
      readonly carriedEvents: readonly (EventRaised | ExecutionCancelRequested)[];
    };
