import type { Asked } from "../model/history-event.ts";
import type { RuntimeStatus } from "../model/status.ts";
import type { Command } from "./requests.ts";

/*
 * What is asked of an instance that is to be repaired, and what it answers: a part of the protocol.
 */

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
