import type { FailureDetails } from "../model/failure.ts";
import type { Message } from "../model/message.ts";
import type { RepairApi, RepairPeer } from "./repair-protocol.ts";
import type {
  Command,
  DescribeOptions,
  FindActiveRequest,
  PurgeRequest,
  RaiseEventRequest,
  StartRequest,
  TerminateRequest,
  UpdateRequest,
  WaitedFor,
  WaitOptions,
} from "./requests.ts";

export type * from "./repair-protocol.ts";
export type * from "./requests.ts";

import type { HistoryPage, HistoryRequest, InstanceDescription, TimelinePage, TimelineRequest } from "./views.ts";

/**
 * What can be asked of an instance from outside its object. Each method is idempotent, because the platform may
 * repeat a call, and answers an expected failure as a value, because an error thrown across an RPC is a fault of ours.
 * Fields are only ever added, and added as optional ones: old and new code talk to each other during a deploy.
 */
export interface InstanceApi extends RepairApi {
  /** Creates the instance. Once this answers `ok`, the instance exists for good and its first turn will come. */
  start(request: StartRequest): Promise<StartResult>;
  /** `undefined` when no instance has this ID. */
  describe(options: DescribeOptions): Promise<InstanceDescription | undefined>;
  /** Answers as soon as the instance has started or ended, or with the state it is in after `timeoutMs`. */
  waitFor(until: WaitedFor, options: WaitOptions): Promise<InstanceDescription | undefined>;
  raiseEvent(request: RaiseEventRequest): Promise<OperationResult>;
  suspend(request: Command): Promise<OperationResult>;
  resume(request: Command): Promise<OperationResult>;
  /** Asks the workflow, and its children, to end: their code gets an error where it waits, and may clean up. */
  cancel(request: Command): Promise<OperationResult>;
  /** Asks the workflow's code a question; an ended one too. Changes nothing. */
  query(request: { readonly name: string; readonly input?: string | undefined }): Promise<QueryResult>;
  /**
   * Changes the workflow, once for each `updateId`, and waits for the result. `PENDING` after `timeoutMs`: it is accepted
   * for good, and the same call asks for its result.
   */
  update(request: UpdateRequest): Promise<UpdateResult>;
  /** Events of the current execution. */
  history(request: HistoryRequest): Promise<HistoryPage | undefined>;
  /** The current execution as bars. */
  timeline(request: TimelineRequest): Promise<TimelinePage | undefined>;
  terminate(request: TerminateRequest): Promise<OperationResult>;
  /** Removes every trace of an ended instance and, when `recursive`, of its children first. */
  purge(request: PurgeRequest): Promise<OperationResult>;
}

/** `fetch` of an object answers it, because no call can hand a WebSocket on. */
export type WatchResult =
  | { readonly ok: true; readonly socket: WatchSocket }
  | { readonly ok: false; readonly code: "NOT_FOUND" }
  /** Why this code, or these keys, cannot read the history. */
  | { readonly ok: false; readonly code: "UNREADABLE"; readonly message: string }
  /** So many watch already as ever may. */
  | { readonly ok: false; readonly code: "TOO_MANY"; readonly most: number }
  /** The history of this execution has so many events, and not the one after which it was to begin. */
  | { readonly ok: false; readonly code: "BEYOND_END"; readonly length: number };

/**
 * The watcher's end of a WebSocket, as far as it is needed. A message is text of Server-Sent Events, to be passed on as it is. The watcher
 * sends how many characters it has passed on. The instance closes it after what comes last; if it is closed otherwise, watch again.
 */
export interface WatchSocket {
  /** Messages come from then on. */
  accept(): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
  send(text: string): void;
  close(): void;
}

/** What instances ask of each other. */
export interface InstancePeer extends RepairPeer {
  /** `accepted` ends the sender's duty to deliver. `isOwed` comes with a message that begins an instance; older code sends none. */
  deliver(message: Message, isOwed?: IsOwed): Promise<DeliveryResult>;
  /** As `InstanceApi.purge`. `isOwed` comes with a parent's purge of its child: whether that still goes on. */
  purge(request: PurgeRequest, isOwed?: IsOwed): Promise<OperationResult>;
  /** The ID of this instance if it has not ended, else of a child (of a child …) that has not; `undefined` if all have. */
  findActive(request: FindActiveRequest): Promise<string | undefined>;
}

/**
 * Whether a call is still to be carried out, as its sender knows it. A copy that comes late, from a sender that was lost or
 * has done, is told from the call itself by this alone: whoever gets it may have been there before, and been purged, or be
 * another one since. Rejects when that life of the sender is over.
 */
export type IsOwed = () => Promise<boolean>;

export type QueryResult =
  | { readonly ok: true; readonly result?: string | undefined }
  | { readonly ok: false; readonly code: "NOT_FOUND" | "STALLED" }
  /** The workflow's code has not come to a point where it could be asked. */
  | { readonly ok: false; readonly code: "BUSY" }
  /** The instance waits for its scheduled start. */
  | { readonly ok: false; readonly code: "NOT_STARTED" }
  /** The workflow has no such query, or its handler threw. */
  | { readonly ok: false; readonly code: "UNKNOWN" | "FAILED"; readonly message: string };

export type UpdateResult =
  | { readonly ok: true; readonly result?: string | undefined }
  | { readonly ok: false; readonly code: "NOT_FOUND" | "STALLED" | "ENDED" }
  | { readonly ok: false; readonly code: "PENDING" }
  /** It was taken by an execution before a continue-as-new, and its result is not known any more. */
  | { readonly ok: false; readonly code: "FORGOTTEN" }
  | { readonly ok: false; readonly code: "REJECTED" | "FAILED"; readonly failure: FailureDetails };

export type StartResult =
  /** `state`: when it was waited for, and the instance is still there. Code that is older than `waitFor` leaves it out. */
  | { readonly ok: true; readonly state?: InstanceDescription | undefined }
  /** An instance with this ID has not ended. */
  | { readonly ok: false; readonly code: "ALREADY_ACTIVE" }
  /** One that has ended is there, and was not to be replaced. */
  | { readonly ok: false; readonly code: "ALREADY_EXISTS" }
  /** Today's code cannot go on with the one that is there: it was neither raised on nor terminated. */
  | { readonly ok: false; readonly code: "STALLED" }
  /** One that has ended is there, and these keys, or this code, cannot read it: it is not replaced. */
  | { readonly ok: false; readonly code: "UNREADABLE" }
  /** The instance was terminated, and an activity of its last execution is still running. */
  | { readonly ok: false; readonly code: "AWAITING_ACTIVITY" }
  /** The instance has ended and a child of it, named here, has not. */
  | { readonly ok: false; readonly code: "CHILD_ACTIVE"; readonly childInstanceId: string };

export type OperationResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "NOT_FOUND" }
  /**
   * Today's code cannot go on with the instance. As in Dapr, only a forced purge is accepted; where the reason is not one of
   * Dapr's, events and a terminate are, too.
   */
  | { readonly ok: false; readonly code: "STALLED" }
  /** Purge only: this instance, or the named child of it, has not ended. */
  | { readonly ok: false; readonly code: "NOT_ENDED"; readonly instanceId: string }
  /** Purge by force only: this parent could not be told, and would wait for ever; so nothing was changed. */
  | { readonly ok: false; readonly code: "PARENT_UNREACHABLE"; readonly instanceId: string };

export type DeliveryResult =
  | { readonly accepted: true }
  /** A start for an ID under which another instance has not ended: the sender's call fails, the occupant is untouched. */
  | { readonly accepted: false; readonly code: "OCCUPIED" }
  /** A rewind of a child that is not there any more: the sender's call fails. */
  | { readonly accepted: false; readonly code: "GONE" };

export type * from "./views.ts";
