import type { Asked } from "../model/history-event.ts";
import type { SearchAttributes } from "../model/search-attributes.ts";

/*
 * What comes with the questions of `protocol.ts`, which shows it to all others.
 */

/** What a caller may wait for: the first turn, or the end. */
export type WaitedFor = "started" | "ended";

export interface DescribeOptions {
  /** Whether input and output are wanted. */
  readonly payloads: boolean;
  /** Whether `detail` is. */
  readonly detail?: boolean | undefined;
  /** Whether `past` is: after so many events. */
  readonly pastEvents?: number | undefined;
}

export interface WaitOptions extends DescribeOptions {
  readonly timeoutMs: number;
}

export interface FindActiveRequest {
  readonly asChildOf: string;
  /** The instances that have been asked on the way here. */
  readonly above?: readonly string[] | undefined;
  /** Counts one as active, too, that was terminated and whose activities still run: its ID is not free for a child. */
  readonly untilFree?: boolean | undefined;
}

/** What is asked of an instance that is there. */
export interface Command extends Asked {
  /**
   * Only one that was created by then is meant (milliseconds since 1970): the ID may have been used anew since, and whoever has it
   * now is not found.
   */
  readonly createdByMs?: number | undefined;
}

/** The reason goes to the log: nothing else is left. */
export interface PurgeRequest extends Command {
  readonly recursive: boolean;
  /** Purge only an instance that this parent started: under the ID of a former child there may be a stranger now. */
  readonly asChildOf?: string | undefined;
  /** The instances whose purge this one is part of. One that is named here and asked is its own descendant: it is removed further up. */
  readonly above?: readonly string[] | undefined;
  /** Whatever its status: it is stopped where it is, and so are its children when `recursive`. */
  readonly force?: boolean | undefined;
}

export interface TerminateRequest extends Command {
  /** JSON text: the instance's output. */
  readonly output?: string | undefined;
  readonly recursive: boolean;
}

export interface UpdateRequest extends Asked {
  readonly updateId: string;
  readonly name: string;
  /** Raw text, kept as it is. */
  readonly input?: string | undefined;
  readonly timeoutMs: number;
}

export interface StartRequest extends Asked {
  readonly instanceId: string;
  readonly name: string;
  /** Raw text, kept as it is. */
  readonly input?: string | undefined;
  /** The first turn waits for this time (milliseconds since 1970); the instance is PENDING until then. */
  readonly startAtMs?: number | undefined;
  /** Names this request: the same start delivered twice creates one instance and is answered `ok` both times. */
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  /** The span of whoever has sent the request, of which that of `traceparent` is a part. */
  readonly callerSpanId?: string | undefined;
  readonly searchAttributes?: SearchAttributes | undefined;
  /** How long after its end it is kept, in place of what the policy says. */
  readonly retentionMs?: number | undefined;
  /** What becomes of one that has the ID. Code that is older than this replaces. Default "replace". */
  readonly reuse?: Reuse | undefined;
  /** An event that is raised with it, once by its `messageId`: on the one that begins, or on one that runs already. */
  readonly event?: RaiseEventRequest | undefined;
  /** Answer not before this: one call in the place of a start and a `waitFor`. */
  readonly waitFor?: (WaitOptions & { readonly until: WaitedFor }) | undefined;
}

/**
 * replace: one that runs is in the way, one that has ended is replaced. reject: both are in the way. ignore: both stay, and that is
 * well. terminate: one that runs is terminated with its children, and replaced.
 */
export type Reuse = "replace" | "reject" | "ignore" | "terminate";

export interface RaiseEventRequest extends Command {
  readonly name: string;
  /** Raw text, kept as it is. */
  readonly input?: string | undefined;
  /** Names this raise: delivered twice, it counts once. */
  readonly messageId: string;
}
