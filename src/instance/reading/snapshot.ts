import type { Orchestration } from "../../engine/orchestration.ts";
import type { Standing } from "../../engine/standing.ts";
import type { Waits } from "../../engine/waits.ts";
import { isStandingKnown, type StandingLife } from "./standing.ts";

/** Whether a timer that has not fired is still waited for; `seq` is the number of the event that has created it. */
export type OpenTimers = (id: number, seq: number) => boolean;

/** What the code tells of itself between two turns, and no event does. */
export interface Snapshot {
  readonly waits: Waits | undefined;
  readonly isOpen: OpenTimers;
  readonly standing: Standing | undefined;
}

/** Nothing but the history is known. */
export const NOTHING_KNOWN: Snapshot = { waits: undefined, isOpen: () => true, standing: undefined };

/** `upTo`: how many events the history has at this moment. Of timers that come later nothing is known. */
export function snapshotOf(
  life: StandingLife & { readonly orchestration: Orchestration | undefined },
  upTo: number,
): Snapshot {
  const { orchestration, hasEnded } = life;
  const standing = isStandingKnown(life) ? (orchestration?.standing ?? {}) : undefined;
  if (orchestration === undefined || hasEnded) return { ...NOTHING_KNOWN, standing };
  const { pending, stall } = orchestration;
  const open = new Set(pending.dueTimers(Number.POSITIVE_INFINITY));
  return {
    waits: stall === undefined ? orchestration.waits : undefined,
    isOpen: (id, seq) => seq >= upTo || open.has(id),
    standing,
  };
}
