import type { EventRaised } from "../model/history-event.ts";
import type { ExecutionState } from "./execution-state.ts";
import type { Interactions } from "./interactions.ts";
import type { Suspension } from "./suspension.ts";

/** What the code of an execution waits for beside its calls, what it says of itself, and what can be asked of it. */
export interface Waits {
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
  { mailbox, conditions, interactions, customStatus }: ExecutionState,
  { held }: Suspension,
): Waits {
  return {
    events: mailbox.awaited(),
    buffered: [...mailbox.unclaimed(), ...held.flatMap(({ event }) => (event.type === "EventRaised" ? [event] : []))],
    condition: conditions.areAwaited,
    customStatus,
    handlers: interactions.names,
  };
}
