import type { Asked, HistoryEvent } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import type { Command } from "./requests.ts";

/*
 * What is asked of an instance that is to be repaired, and what it answers: a part of the protocol.
 */

/** A part of what can be asked of an instance from outside. */
export interface RepairApi {
  /** Starts the instance once more, from the beginning: what runs is terminated, and once that has left nothing open, a new run begins. */
  restart(request: RestartRequest): Promise<RestartResult>;
  /** Begins an instance here with what another one has done up to one of its calls, and makes that call again. Whole, or not at all. */
  rerun(request: RerunRequest): Promise<RerunResult>;
  /** A failed instance goes on, from the place at which its code has failed. */
  rewind(request: RewindRequest): Promise<RepairResult>;
  /** An instance that has not ended goes on with the code of this version. */
  changeVersion(request: VersionRequest): Promise<RepairResult>;
}

/** A part of what instances ask of each other. */
export interface RepairPeer {
  /** Whether the instance has heard how the child of this call has ended. */
  hasTaken(request: TakenRequest): Promise<boolean>;
  /** A part of the history of one that has ended, for its rerun. */
  readForRerun(request: RerunRead): Promise<RerunPage>;
}

export interface RewindRequest extends Command {
  /** Names this request: delivered twice, it counts once. */
  readonly requestId: string;
}

export interface VersionRequest extends Asked {
  readonly requestId: string;
  readonly version: string;
}

/** A call of this instance; the execution by the name that the child knows it by. */
export interface TakenRequest {
  readonly executionId: string;
  readonly taskId: number;
}

export type RepairResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "NOT_FOUND" }
  /** It cannot be read. */
  | { readonly ok: false; readonly code: "STALLED" }
  /** A rewind is for FAILED ones, another version for those that have begun and not ended. */
  | { readonly ok: false; readonly code: "WRONG_STATUS"; readonly status: RuntimeStatus }
  /** This parent has taken the failure, or cannot be asked whether it has. */
  | { readonly ok: false; readonly code: "PARENT_KNOWS" | "PARENT_UNREACHABLE"; readonly instanceId: string }
  | {
      readonly ok: false;
      readonly code: "VERSION_UNKNOWN";
      readonly name: string;
      readonly version: string;
      readonly versions: readonly string[];
    };

/** Who is meant is the source. */
export interface RerunRequest extends Command {
  /** Names this request: delivered twice it creates one instance. */
  readonly requestId: string;
  readonly sourceInstanceId: string;
  /** The number of the call that is made again; 0: the execution begins anew. */
  readonly eventId: number;
  /** In place of that of the call, or of the workflow. */
  readonly input?: { readonly text: string | undefined } | undefined;
  readonly newChildWorkflowInstanceId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** What is refused has Dapr's words. */
type RerunRefused =
  | { readonly ok: false; readonly code: "NOT_FOUND" | "INVALID_ARGUMENT"; readonly message: string }
  /** The source cannot be read, or has become another one since the page before. */
  | { readonly ok: false; readonly code: "UNREADABLE"; readonly message: string }
  | { readonly ok: false; readonly code: "CHANGED" };

export type RerunResult =
  | { readonly ok: true }
  /** The ID is in use, or was. */
  | { readonly ok: false; readonly code: "ALREADY_EXISTS" }
  | RerunRefused;

export interface RerunRead extends Pick<RerunRequest, "eventId" | "newChildWorkflowInstanceId" | "createdByMs"> {
  readonly hasInput: boolean;
  readonly from: number;
  /** Of the page before. */
  readonly executionId?: string | undefined;
  readonly count?: number | undefined;
}

/** Texts are open: they are sealed anew where they are stored. */
export type RerunPage =
  | {
      readonly ok: true;
      readonly executionId: string;
      readonly events: readonly HistoryEvent[];
      /** How many there are of all pages: the last is that of the call. */
      readonly count: number;
      readonly retentionMs?: number | undefined;
    }
  | RerunRefused;

export interface RestartRequest extends Command {
  /** Names this request: delivered twice it begins one run, as long as that is the one that has the ID. */
  readonly requestId: string;
  readonly traceparent?: string | undefined;
}

export type RestartResult =
  | { readonly ok: true }
  /** There is no instance. "CHILD": it answers a call of its parent, which a new run could not. */
  | { readonly ok: false; readonly code: "NOT_FOUND" | "CHILD" }
  /** Today's code cannot go on with it, and may not end it either; or what has ended cannot be read. Nothing was changed. */
  | { readonly ok: false; readonly code: "STALLED" | "UNREADABLE" }
  /** It is terminated, and has not left the place in time: the same request again goes on from there. */
  | { readonly ok: false; readonly code: "ALREADY_ACTIVE" | "AWAITING_ACTIVITY" }
  | { readonly ok: false; readonly code: "CHILD_ACTIVE"; readonly childInstanceId: string };
