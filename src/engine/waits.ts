import type { EventRaised } from "../model/history-event.ts";
import type { ExecutionState } from "./execution-state.ts";
import type { Interactions } from "./interactions.ts";
import type { PendingWork } from "./pending-work.ts";
import { type FirstParts, firstPartOf, partsOf, type Wait, waitOf } from "./standing.ts";
import type { Suspension } from "./suspension.ts";

/** A branch of the code. */
export interface WaitingBranch {
  readonly name: string;
  /** What it waits for, of several things the first. */
  readonly wait?: Wait | undefined;
  /** The number of the call whose answer that is. */
  readonly callId?: number | undefined;
  /** The names of all events that it waits for, as the code has them. */
  readonly events: readonly string[];
  readonly condition: boolean;
  /** It was called off, and goes on with what it has in `finally`. */
  readonly isEnding?: boolean | undefined;
}

/** What the code of an execution waits for beside its calls, what it says of itself, and what can be asked of it. */
export interface Waits {
  /** The branches that are not over, in the order in which they were made. */
  readonly branches: readonly WaitingBranch[];
  /** The names of the events that it waits for, as the code has them. */
  readonly events: readonly string[];
  /** Events that have come and nobody has taken. */
  readonly buffered: readonly EventRaised[];
  readonly condition: boolean;
  readonly customStatus: string | undefined;
  /** The names of the queries and updates that it answers. */
  readonly handlers: Interactions["names"];
}

export function waitsOf(
  { branches, calls, mailbox, conditions, interactions, customStatus }: ExecutionState,
  { held }: Suspension,
  pending: PendingWork,
): Waits {
  const ids = calls.ids;
  const firstParts: FirstParts = new Map();
  return {
    branches: branches.open.map((task) => {
      const parts = partsOf(task.waitingFor);
      const first = firstPartOf(task, firstParts);
      const named = (method: string) => parts.filter(({ callMethod }) => callMethod === method);
      return {
        name: task.branchName,
        wait: waitOf(first, (part) => ids.get(part), pending),
        callId: first && ids.get(first),
        events: named("waitForExternalEvent").map(({ callName = "" }) => callName),
        condition: named("waitForCondition").length > 0,
        ...(task.isComplete && { isEnding: true }),
      };
    }),
    events: mailbox.awaited(),
    buffered: [...mailbox.unclaimed(), ...held.flatMap(({ event }) => (event.type === "EventRaised" ? [event] : []))],
    condition: conditions.areAwaited,
    customStatus,
    handlers: interactions.names,
  };
}
