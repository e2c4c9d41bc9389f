import type { Standing, Wait } from "../../engine/standing.ts";
import type { WaitingBranch } from "../../engine/waits.ts";
import { formatTime } from "../../model/time.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { UnreadableError } from "../../storage/unreadable-error.ts";
import type { BranchStanding } from "../views.ts";

/** A life, as memory has it. */
export interface StandingLife {
  readonly record: InstanceRecord | undefined;
  /** Why the database cannot be read. */
  readonly unreadable: UnreadableError | undefined;
  /** Its code has come as far as its history, or waits for its start. */
  readonly isLoaded: boolean;
  readonly hasEnded: boolean;
  /** It waits for a lease before its code goes on. */
  readonly isHeldUp: boolean;
  /** It was read from the database, and the limiter has not yet said whether it has a lease. */
  readonly isUndecided: boolean;
}

/** Whether memory knows what it waits for. Before its first turn that is nothing. */
export function isStandingKnown(life: StandingLife): boolean {
  const { record, unreadable, isLoaded, hasEnded, isHeldUp, isUndecided } = life;
  if (hasEnded || isLoaded || unreadable !== undefined) return true;
  return !isUndecided && (isHeldUp || record?.status === "PENDING");
}

/** What a list shows of where an instance stands, and its description with it. */
export interface ShownStanding {
  readonly waitingFor: string | undefined;
  readonly retrying: boolean;
}

/** The limit that the workflow waits for, or an activity of this name, or the call of it with this number. */
type WaitsForLimit = (activity: string | undefined, callId?: number) => string | undefined;

/** A start that waits for its time, or a limit, or else what the code waits for: see `standingOf`. */
export function shownStanding(
  startAtMs: number | undefined,
  { wait, isRetrying }: Standing,
  waitsForLimit?: WaitsForLimit,
): ShownStanding {
  const retrying = isRetrying === true;
  if (startAtMs !== undefined) return { waitingFor: `start:${formatTime(startAtMs)}`, retrying };
  return { waitingFor: shownWait(wait, waitsForLimit), retrying };
}

/** Each branch as the workflow itself, but that it waits for a limit only if its own call does; `undefined` where there are none. */
export function shownBranches(
  branches: readonly WaitingBranch[],
  waitsForLimit?: WaitsForLimit,
): readonly BranchStanding[] | undefined {
  if (branches.length === 0) return undefined;
  return branches.map(({ name, wait, callId, isEnding }) => ({
    name,
    waitingFor: shownWait(wait, waitsForLimit, callId),
    ending: isEnding,
  }));
}

function shownWait(wait: Wait | undefined, waitsForLimit?: WaitsForLimit, callId?: number): string | undefined {
  const limit = waitsForLimit?.(wait?.type === "activity" ? wait.name : undefined, callId);
  return limit === undefined ? wait && textOf(wait) : `limit:${limit}`;
}

function textOf(wait: Wait): string {
  switch (wait.type) {
    case "timer":
      return `timer:${formatTime(wait.atMs)}`;
    case "child":
      return `child:${wait.instanceId}`;
    case "condition":
      return "condition";
    default:
      return `${wait.type}:${wait.name}`;
  }
}
